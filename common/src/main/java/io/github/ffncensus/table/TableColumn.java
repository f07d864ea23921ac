package io.github.ffncensus.table;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.PrimitiveType;

/** Receives the values of one column of one row: none, one, or the elements of a list. */
final class TableColumn extends PrimitiveConverter {
  private final String name;
  private final PrimitiveType type;
  private final boolean list;
  private long[] integers = new long[1];
  private double[] reals = new double[1];
  private final List<byte[]> strings = new ArrayList<>();
  private int size;
  private boolean present;

  TableColumn(String name, PrimitiveType type, boolean list) {
    this.name = name;
    this.type = type;
    this.list = list;
  }

  void clear() {
    size = 0;
    present = false;
    strings.clear();
  }

  /** An empty list is present although no element follows. */
  void markPresent() {
    present = true;
  }

  @Override
  public void addInt(int value) {
    addLong(value);
  }

  @Override
  public void addBoolean(boolean value) {
    addLong(value ? 1 : 0);
  }

  @Override
  public void addLong(long value) {
    if (size == integers.length) {
      integers = Arrays.copyOf(integers, size * 2);
    }
    integers[size++] = value;
    present = true;
  }

  @Override
  public void addFloat(float value) {
    addDouble(value);
  }

  @Override
  public void addDouble(double value) {
    if (size == reals.length) {
      reals = Arrays.copyOf(reals, size * 2);
    }
    reals[size++] = value;
    present = true;
  }

  @Override
  public void addBinary(Binary value) {
    strings.add(value.getBytes());
    size++;
    present = true;
  }

  boolean isNull() {
    return !present;
  }

  long integer() {
    expect(isInteger() && !list);
    requirePresent();
    return integers[0];
  }

  double real() {
    expect(isReal() && !list);
    requirePresent();
    return reals[0];
  }

  byte[] bytes() {
    expect(isBytes() && !list);
    return present ? strings.get(0) : null;
  }

  String string() {
    byte[] bytes = bytes();
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  String text() {
    if (list || !present) {
      expect(!list);
      return null;
    }
    return switch (type.getPrimitiveTypeName()) {
      case BOOLEAN -> Boolean.toString(integers[0] == 1);
      case INT32 -> type.stringifier().stringify((int) integers[0]);
      case INT64 -> type.stringifier().stringify(integers[0]);
      case FLOAT -> type.stringifier().stringify((float) reals[0]);
      case DOUBLE -> type.stringifier().stringify(reals[0]);
      // An undeclared byte array is text here, where the stringifier would print hexadecimals.
      case BINARY -> type.getLogicalTypeAnnotation() == null ? string() : stringified();
      default -> stringified();
    };
  }

  int[] intList() {
    expect(isInteger() && list);
    if (!present) {
      return null;
    }
    int[] values = new int[size];
    for (int i = 0; i < size; i++) {
      values[i] = (int) integers[i];
    }
    return values;
  }

  long[] longList() {
    expect(isInteger() && list);
    return present ? Arrays.copyOf(integers, size) : null;
  }

  float[] floatList() {
    expect(isReal() && list);
    if (!present) {
      return null;
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) reals[i];
    }
    return values;
  }

  double[] doubleList() {
    expect(isReal() && list);
    return present ? Arrays.copyOf(reals, size) : null;
  }

  List<String> stringList() {
    expect(isBytes() && list);
    return present
        ? strings.stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).toList()
        : null;
  }

  private String stringified() {
    return type.stringifier().stringify(Binary.fromConstantByteArray(strings.get(0)));
  }

  private boolean isInteger() {
    return switch (type.getPrimitiveTypeName()) {
      case BOOLEAN, INT32, INT64 -> true;
      default -> false;
    };
  }

  private boolean isReal() {
    return switch (type.getPrimitiveTypeName()) {
      case FLOAT, DOUBLE -> true;
      default -> false;
    };
  }

  boolean isBytes() {
    return !isInteger() && !isReal();
  }

  private void expect(boolean fits) {
    if (!fits) {
      throw new IllegalArgumentException(
          "column " + name + " is " + (list ? "a list of " : "") + type.getPrimitiveTypeName());
    }
  }

  private void requirePresent() {
    if (!present) {
      throw new IllegalStateException("column " + name + " is null in this row");
    }
  }
}
