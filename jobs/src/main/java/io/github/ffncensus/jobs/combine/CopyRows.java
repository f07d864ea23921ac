package io.github.ffncensus.jobs.combine;

import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import io.github.ffncensus.table.TableSchema;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.spark.api.java.function.Function;

/** Task: a file of a parent's table, row by row, with the sequence ids that it has among all. */
final class CopyRows implements Function<CopyRows.Piece, TableFile> {
  private static final long serialVersionUID = 1L;
  private static final String SEQUENCE_ID = "sequence_id";

  private final TaskSetup setup;

  CopyRows(TaskSetup setup) {
    this.setup = setup;
  }

  /**
   * @param number of the file among all of the table, from 0
   * @param path of the file
   * @param firstSequenceId is added to the ids of sequences
   */
  record Piece(int number, String table, String path, long firstSequenceId)
      implements Serializable {}

  @Override
  public TableFile call(Piece piece) throws IOException {
    List<Type> columns = TableSchema.load(piece.table()).getFields();
    try (ParquetTableReader rows = ParquetTableReader.open(setup.hadoop(), new Path(piece.path()));
        ParquetTableWriter<TableRow> writer =
            setup.create(
                piece.table(),
                piece.number(),
                (row, out) -> encode(columns, row, piece.firstSequenceId(), out))) {
      for (TableRow row = rows.next(); row != null; row = rows.next()) {
        writer.write(row);
      }
      return writer.finish();
    }
  }

  private static void encode(List<Type> columns, TableRow row, long shift, RowWriter out) {
    for (Type column : columns) {
      String name = column.getName();
      if (row.isNull(name)) {
        continue;
      }
      if (name.equals(SEQUENCE_ID)) {
        out.longValue(name, row.getLong(name) + shift);
      } else if (column.isPrimitive()) {
        copy(name, column.asPrimitiveType().getPrimitiveTypeName(), row, out);
      } else {
        Type element = column.asGroupType().getType(0).asGroupType().getType(0);
        copyList(name, element.asPrimitiveType().getPrimitiveTypeName(), row, out);
      }
    }
  }

  private static void copy(String name, PrimitiveTypeName type, TableRow row, RowWriter out) {
    switch (type) {
      case BOOLEAN -> out.booleanValue(name, row.getBoolean(name));
      case INT32 -> out.intValue(name, row.getInt(name));
      case INT64 -> out.longValue(name, row.getLong(name));
      case FLOAT -> out.floatValue(name, row.getFloat(name));
      case DOUBLE -> out.doubleValue(name, row.getDouble(name));
      default -> out.string(name, row.getString(name));
    }
  }

  private static void copyList(String name, PrimitiveTypeName type, TableRow row, RowWriter out) {
    switch (type) {
      case INT32 -> out.intList(name, row.getIntList(name));
      case INT64 -> out.longList(name, row.getLongList(name));
      case FLOAT -> out.floatList(name, row.getFloatList(name));
      case DOUBLE -> out.doubleList(name, row.getDoubleList(name));
      default -> out.stringList(name, row.getStringList(name));
    }
  }
}
