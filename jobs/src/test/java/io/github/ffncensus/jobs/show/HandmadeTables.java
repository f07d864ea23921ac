package io.github.ffncensus.jobs.show;

import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.schema.Type;

/** Tables of a run of two layers of four neurons, row by row; columns left out get some value. */
final class HandmadeTables {
  private static final Configuration HADOOP = new Configuration();

  private final RunFolder folder;
  private final Map<String, List<Map<String, Object>>> rows = new LinkedHashMap<>();

  HandmadeTables(Path warehouse) {
    folder = RunFolder.qualified(HADOOP, warehouse.toString(), "r1");
  }

  /**
   * @param columns names and values in turn
   */
  HandmadeTables row(String table, int layer, int neuron, Object... columns) {
    Map<String, Object> row = new HashMap<>(Map.of("layer", layer, "neuron", neuron));
    for (int i = 0; i < columns.length; i += 2) {
      row.put((String) columns[i], columns[i + 1]);
    }
    rows.computeIfAbsent(table, first -> new ArrayList<>()).add(row);
    return this;
  }

  PublishedTables publish() {
    return publish(true);
  }

  PublishedTables publish(boolean causal) {
    Map<String, List<TableFile>> files = new HashMap<>();
    rows.forEach((table, ofTable) -> files.put(table, List.of(write(table, ofTable))));
    return new PublishedTables(HADOOP, folder, files, 2, 4, causal);
  }

  private TableFile write(String table, List<Map<String, Object>> ofTable) {
    List<Type> columns = TableSchema.load(table).getFields();
    try (ParquetTableWriter<Map<String, Object>> writer =
        ParquetTableWriter.create(
            HADOOP,
            new org.apache.hadoop.fs.Path(folder.table(table), "part-0.parquet"),
            table,
            "r1",
            (row, out) -> columns.forEach(column -> write(column, row, out)))) {
      for (Map<String, Object> row : ofTable) {
        writer.write(row);
      }
      return writer.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Type column, Map<String, Object> row, RowWriter out) {
    String name = column.getName();
    Object value = row.get(name);
    if (value == null && column.isRepetition(Type.Repetition.OPTIONAL)) {
      return;
    }
    if (!column.isPrimitive()) {
      writeList(column, value, out);
      return;
    }
    switch (column.asPrimitiveType().getPrimitiveTypeName()) {
      case INT32 -> out.intValue(name, value == null ? 0 : (Integer) value);
      case INT64 -> out.longValue(name, value == null ? 0 : (Long) value);
      case FLOAT -> out.floatValue(name, value == null ? 0 : (Float) value);
      case DOUBLE -> out.doubleValue(name, value == null ? 0 : (Double) value);
      case BOOLEAN -> out.booleanValue(name, value != null && (Boolean) value);
      default -> out.string(name, value == null ? "" : (String) value);
    }
  }

  private static void writeList(Type column, Object value, RowWriter out) {
    String name = column.getName();
    Type element = column.asGroupType().getType(0).asGroupType().getType(0);
    switch (element.asPrimitiveType().getPrimitiveTypeName()) {
      case INT32 -> out.intList(name, value == null ? new int[0] : (int[]) value);
      case INT64 -> out.longList(name, new long[0]);
      case FLOAT -> out.floatList(name, new float[0]);
      case BINARY ->
          out.stringList(
              name,
              value == null
                  ? List.of()
                  : ((List<?>) value).stream().map(String.class::cast).toList());
      default -> throw new IllegalArgumentException(column.toString());
    }
  }
}
