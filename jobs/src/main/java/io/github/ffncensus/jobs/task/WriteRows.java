package io.github.ffncensus.jobs.task;

import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableSchema;
import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.parquet.schema.Type;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Task: writes the rows of a partition, in their order, as a file of a table. Columns are found by
 * name and must have the types of the schema; those that the table does not have are left out.
 */
public final class WriteRows implements FlatMapFunction<Iterator<Row>, TableFile> {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final String table;

  private WriteRows(TaskSetup setup, String table) {
    this.setup = setup;
    this.table = table;
  }

  /** Writes a file of each partition that has rows. */
  public static List<TableFile> write(StageContext context, String table, Dataset<Row> rows) {
    return rows.javaRDD().mapPartitions(new WriteRows(context.setup(), table)).collect();
  }

  @Override
  public Iterator<TableFile> call(Iterator<Row> rows) throws IOException {
    if (!rows.hasNext()) {
      return Collections.emptyIterator();
    }
    List<Type> columns = TableSchema.load(table).getFields();
    try (ParquetTableWriter<Row> writer =
        setup.create(
            table, TaskContext.getPartitionId(), (row, out) -> encode(columns, row, out))) {
      while (rows.hasNext()) {
        writer.write(rows.next());
      }
      return Collections.singletonList(writer.finish()).iterator();
    }
  }

  private static void encode(List<Type> columns, Row row, RowWriter out) {
    for (Type column : columns) {
      String name = column.getName();
      int index = row.fieldIndex(name);
      if (row.isNullAt(index)) {
        continue;
      }
      if (!column.isPrimitive()) {
        throw new IllegalArgumentException("column " + name + " is a list");
      }
      switch (column.asPrimitiveType().getPrimitiveTypeName()) {
        case BOOLEAN -> out.booleanValue(name, row.getBoolean(index));
        case INT32 -> out.intValue(name, row.getInt(index));
        case INT64 -> out.longValue(name, row.getLong(index));
        case FLOAT -> out.floatValue(name, row.getFloat(index));
        case DOUBLE -> out.doubleValue(name, row.getDouble(index));
        default -> out.string(name, row.getString(index));
      }
    }
  }
}
