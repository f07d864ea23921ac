package io.github.ffncensus.table;

import java.util.HashMap;
import java.util.Map;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** The projected columns of a file; lists are the standard three levels, list and element. */
final class TableColumns extends GroupConverter {
  private final Converter[] converters;
  private final Map<String, TableColumn> byName = new HashMap<>();

  TableColumns(MessageType projection) {
    converters = new Converter[projection.getFieldCount()];
    for (int i = 0; i < converters.length; i++) {
      Type type = projection.getType(i);
      boolean list = !type.isPrimitive();
      Type element = list ? type.asGroupType().getType(0).asGroupType().getType(0) : type;
      TableColumn column = new TableColumn(type.getName(), element.asPrimitiveType(), list);
      byName.put(type.getName(), column);
      converters[i] = list ? new ListConverter(column) : column;
    }
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
    return converters[field];
  }

  @Override
  public void start() {
    byName.values().forEach(TableColumn::clear);
  }

  @Override
  public void end() {}

  /** The two groups around a list's elements; only the outer one says anything. */
  private static final class ListConverter extends GroupConverter {
    private final TableColumn column;
    private final GroupConverter repeated;

    ListConverter(TableColumn column) {
      this.column = column;
      this.repeated =
          new GroupConverter() {
            @Override
            public Converter getConverter(int field) {
              return column;
            }

            @Override
            public void start() {}

            @Override
            public void end() {}
          };
    }

    @Override
    public Converter getConverter(int field) {
      return repeated;
    }

    @Override
    public void start() {
      column.markPresent();
    }

    @Override
    public void end() {}
  }
}
