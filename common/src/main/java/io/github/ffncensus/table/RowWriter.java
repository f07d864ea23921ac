package io.github.ffncensus.table;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/**
 * The columns of the row that is being written, by name and type. Writing a column that the table
 * does not have, or with another type, is an {@link IllegalArgumentException}: the file would not
 * be what its schema says. A null reference leaves a nullable column empty. Columns written in the
 * order of the schema cost no name lookup.
 */
public final class RowWriter {
  private static final String LIST = "list";
  private static final String ELEMENT = "element";

  private final String table;
  private final RecordConsumer consumer;
  private final String[] names;
  private final PrimitiveTypeName[] types;
  private final boolean[] lists;
  private final Map<String, Integer> indexes = new HashMap<>();
  private final long requiredColumns;
  private long written;
  private int expected;

  RowWriter(MessageType schema, RecordConsumer consumer) {
    this.table = schema.getName();
    this.consumer = consumer;
    int columns = schema.getFieldCount();
    if (columns > Long.SIZE) {
      throw new IllegalArgumentException(table + " has more than " + Long.SIZE + " columns");
    }
    names = new String[columns];
    types = new PrimitiveTypeName[columns];
    lists = new boolean[columns];
    long required = 0;
    for (int i = 0; i < columns; i++) {
      Type type = schema.getType(i);
      names[i] = type.getName();
      lists[i] = !type.isPrimitive();
      types[i] = primitive(type).asPrimitiveType().getPrimitiveTypeName();
      indexes.put(names[i], i);
      if (type.isRepetition(Repetition.REQUIRED)) {
        required |= 1L << i;
      }
    }
    requiredColumns = required;
  }

  private static Type primitive(Type column) {
    return column.isPrimitive()
        ? column
        : column.asGroupType().getType(LIST).asGroupType().getType(ELEMENT);
  }

  void beginRow() {
    written = 0;
    expected = 0;
    consumer.startMessage();
  }

  void endRow() {
    long missing = requiredColumns & ~written;
    if (missing != 0) {
      String column = names[Long.numberOfTrailingZeros(missing)];
      throw new IllegalArgumentException(table + "." + column + " is required and was not written");
    }
    consumer.endMessage();
  }

  public void booleanValue(String column, boolean value) {
    int index = start(column, PrimitiveTypeName.BOOLEAN, false);
    consumer.addBoolean(value);
    consumer.endField(column, index);
  }

  public void intValue(String column, int value) {
    int index = start(column, PrimitiveTypeName.INT32, false);
    consumer.addInteger(value);
    consumer.endField(column, index);
  }

  public void longValue(String column, long value) {
    int index = start(column, PrimitiveTypeName.INT64, false);
    consumer.addLong(value);
    consumer.endField(column, index);
  }

  public void floatValue(String column, float value) {
    int index = start(column, PrimitiveTypeName.FLOAT, false);
    consumer.addFloat(value);
    consumer.endField(column, index);
  }

  public void doubleValue(String column, double value) {
    int index = start(column, PrimitiveTypeName.DOUBLE, false);
    consumer.addDouble(value);
    consumer.endField(column, index);
  }

  public void string(String column, String value) {
    if (value != null) {
      int index = start(column, PrimitiveTypeName.BINARY, false);
      consumer.addBinary(Binary.fromString(value));
      consumer.endField(column, index);
    }
  }

  public void intList(String column, int[] values) {
    if (values == null) {
      return;
    }
    int index = startList(column, PrimitiveTypeName.INT32, values.length);
    for (int value : values) {
      startElement();
      consumer.addInteger(value);
      endElement();
    }
    endList(column, index, values.length);
  }

  public void longList(String column, long[] values) {
    if (values == null) {
      return;
    }
    int index = startList(column, PrimitiveTypeName.INT64, values.length);
    for (long value : values) {
      startElement();
      consumer.addLong(value);
      endElement();
    }
    endList(column, index, values.length);
  }

  public void floatList(String column, float[] values) {
    if (values == null) {
      return;
    }
    int index = startList(column, PrimitiveTypeName.FLOAT, values.length);
    for (float value : values) {
      startElement();
      consumer.addFloat(value);
      endElement();
    }
    endList(column, index, values.length);
  }

  public void doubleList(String column, double[] values) {
    if (values == null) {
      return;
    }
    int index = startList(column, PrimitiveTypeName.DOUBLE, values.length);
    for (double value : values) {
      startElement();
      consumer.addDouble(value);
      endElement();
    }
    endList(column, index, values.length);
  }

  public void stringList(String column, List<String> values) {
    if (values == null) {
      return;
    }
    int index = startList(column, PrimitiveTypeName.BINARY, values.size());
    for (String value : values) {
      startElement();
      consumer.addBinary(Binary.fromString(value));
      endElement();
    }
    endList(column, index, values.size());
  }

  private int start(String column, PrimitiveTypeName type, boolean list) {
    int index = index(column);
    if (types[index] != type || lists[index] != list) {
      throw new IllegalArgumentException(
          table
              + "."
              + column
              + " is "
              + describe(types[index], lists[index])
              + ", written as "
              + describe(type, list));
    }
    long bit = 1L << index;
    if ((written & bit) != 0) {
      throw new IllegalArgumentException(table + "." + column + " is written twice in a row");
    }
    written |= bit;
    consumer.startField(names[index], index);
    return index;
  }

  private int index(String column) {
    int guess = expected;
    if (guess < names.length && names[guess].equals(column)) {
      expected = guess + 1;
      return guess;
    }
    Integer index = indexes.get(column);
    if (index == null) {
      throw new IllegalArgumentException("table " + table + " has no column " + column);
    }
    expected = index + 1;
    return index;
  }

  private static String describe(PrimitiveTypeName type, boolean list) {
    return list ? "a list of " + type : type.toString();
  }

  private int startList(String column, PrimitiveTypeName type, int size) {
    int index = start(column, type, true);
    consumer.startGroup();
    if (size > 0) {
      consumer.startField(LIST, 0);
    }
    return index;
  }

  private void startElement() {
    consumer.startGroup();
    consumer.startField(ELEMENT, 0);
  }

  private void endElement() {
    consumer.endField(ELEMENT, 0);
    consumer.endGroup();
  }

  private void endList(String column, int index, int size) {
    if (size > 0) {
      consumer.endField(LIST, 0);
    }
    consumer.endGroup();
    consumer.endField(column, index);
  }
}
