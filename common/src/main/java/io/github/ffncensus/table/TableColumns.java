package io.github.ffncensus.table;

import java.util.HashMap;
import java.util.Map;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/**
 * The projected columns of a file: primitives, lists of primitives in the standard three levels,
 * and primitives in groups, which are called {@code group.field}.
 */
final class TableColumns extends GroupConverter {
  private final Map<String, TableColumn> byName = new HashMap<>();
  private final GroupConverter root;

  /**
   * @throws IllegalArgumentException if a column has another type
   */
  TableColumns(MessageType projection) {
    root = struct(projection, "");
  }

  boolean has(String column) {
    return byName.containsKey(column);
  }

  TableColumn get(String column) {
    TableColumn found = byName.get(column);
    if (found == null) {
      throw new IllegalArgumentException("column " + column + " was not asked for");
    }
    return found;
  }

  @Override
  public Converter getConverter(int field) {
    return root.getConverter(field);
  }

  @Override
  public void start() {
    byName.values().forEach(TableColumn::clear);
  }

  @Override
  public void end() {}

  private Converter converter(Type type, String name) {
    if (type.isRepetition(Repetition.REPEATED)) {
      throw unsupported(name);
    }
    if (type.isPrimitive()) {
      TableColumn column = new TableColumn(name, type.asPrimitiveType(), false);
      byName.put(name, column);
      return column;
    }
    LogicalTypeAnnotation annotation = type.getLogicalTypeAnnotation();
    if (annotation == null) {
      return struct(type.asGroupType(), name + ".");
    }
    if (!annotation.equals(LogicalTypeAnnotation.listType())) {
      throw unsupported(name);
    }
    Type repeated = type.asGroupType().getType(0);
    if (repeated.isPrimitive() || !repeated.asGroupType().getType(0).isPrimitive()) {
      throw unsupported(name);
    }
    TableColumn column =
        new TableColumn(name, repeated.asGroupType().getType(0).asPrimitiveType(), true);
    byName.put(name, column);
    return group(column::markPresent, group(() -> {}, column));
  }

  private GroupConverter struct(GroupType type, String prefix) {
    Converter[] fields = new Converter[type.getFieldCount()];
    for (int i = 0; i < fields.length; i++) {
      fields[i] = converter(type.getType(i), prefix + type.getFieldName(i));
    }
    return group(() -> {}, fields);
  }

  private static GroupConverter group(Runnable onStart, Converter... fields) {
    return new GroupConverter() {
      @Override
      public Converter getConverter(int field) {
        return fields[field];
      }

      @Override
      public void start() {
        onStart.run();
      }

      @Override
      public void end() {}
    };
  }

  private static IllegalArgumentException unsupported(String column) {
    return new IllegalArgumentException(
        "column " + column + " is neither a single value nor a list of single values");
  }
}
