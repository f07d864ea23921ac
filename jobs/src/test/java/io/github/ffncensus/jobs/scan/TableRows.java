package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import io.github.ffncensus.table.TableSchema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/** Rows of any table as maps by column, lists as lists, so that they compare to the bit. */
public final class TableRows {
  private TableRows() {}

  public static List<Map<String, Object>> read(String table, Collection<Path> files)
      throws IOException {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Path file : files) {
      try (ParquetTableReader reader = ParquetTableReader.open(new Configuration(), file)) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          Map<String, Object> values = new LinkedHashMap<>();
          for (Type column : TableSchema.load(table).getFields()) {
            values.put(column.getName(), value(row, column));
          }
          rows.add(values);
        }
      }
    }
    return rows;
  }

  private static Object value(TableRow row, Type column) {
    String name = column.getName();
    if (row.isNull(name)) {
      return null;
    }
    if (column.isPrimitive()) {
      return switch (column.asPrimitiveType().getPrimitiveTypeName()) {
        case BOOLEAN -> row.getBoolean(name);
        case INT32 -> row.getInt(name);
        case INT64 -> row.getLong(name);
        case FLOAT -> row.getFloat(name);
        case DOUBLE -> row.getDouble(name);
        default -> row.getString(name);
      };
    }
    Type element = column.asGroupType().getType(0).asGroupType().getType(0);
    PrimitiveTypeName type = element.asPrimitiveType().getPrimitiveTypeName();
    return switch (type) {
      case INT32 -> Arrays.stream(row.getIntList(name)).boxed().toList();
      case INT64 -> Arrays.stream(row.getLongList(name)).boxed().toList();
      case FLOAT -> floats(row.getFloatList(name));
      case DOUBLE -> Arrays.stream(row.getDoubleList(name)).boxed().toList();
      default -> row.getStringList(name);
    };
  }

  private static List<Float> floats(float[] values) {
    List<Float> list = new ArrayList<>(values.length);
    for (float value : values) {
      list.add(value);
    }
    return list;
  }

  /** The same rows, whatever file and place they are in, and none twice. */
  public static void assertSame(
      Map<String, List<Map<String, Object>>> actual,
      Map<String, List<Map<String, Object>>> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    assertThat(expected.values())
        .as("tables without rows: no more than that of rejects")
        .filteredOn(List::isEmpty)
        .hasSizeLessThan(2);
    actual.forEach(
        (table, rows) -> {
          assertThat(rows).as(table).hasSameSizeAs(expected.get(table));
          assertThat(new HashSet<>(rows).equals(new HashSet<>(expected.get(table))))
              .as("same rows of %s", table)
              .isTrue();
          assertThat(new HashSet<>(rows)).hasSameSizeAs(rows);
        });
  }
}
