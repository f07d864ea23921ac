package io.github.ffncensus.table;

import java.util.List;

/**
 * The current row of a {@link ParquetTableReader}, valid until the next one is read; arrays handed
 * out are copies. Asking for a column that was not projected, or with another type, is an {@link
 * IllegalArgumentException}; asking for the primitive value of a null, an {@link
 * IllegalStateException}.
 */
public final class TableRow {
  private final TableColumns columns;

  TableRow(TableColumns columns) {
    this.columns = columns;
  }

  public boolean isNull(String column) {
    return columns.get(column).isNull();
  }

  public boolean getBoolean(String column) {
    return columns.get(column).integer() == 1;
  }

  public int getInt(String column) {
    return (int) columns.get(column).integer();
  }

  public long getLong(String column) {
    return columns.get(column).integer();
  }

  public float getFloat(String column) {
    return (float) columns.get(column).real();
  }

  public double getDouble(String column) {
    return columns.get(column).real();
  }

  /** Null where the column is null. */
  public String getString(String column) {
    return columns.get(column).string();
  }

  /** A column's value as it is stored, whatever its type, as text; null where it is null. */
  public String getText(String column) {
    return columns.get(column).text();
  }

  /** Whether the column holds strings or other byte arrays. */
  public boolean isBytes(String column) {
    return columns.get(column).isBytes();
  }

  /** The bytes of a string column, which need not be valid UTF-8; null where it is null. */
  public byte[] getBytes(String column) {
    return columns.get(column).bytes();
  }

  /** Null where the column is null. */
  public int[] getIntList(String column) {
    return columns.get(column).intList();
  }

  /** Null where the column is null. */
  public long[] getLongList(String column) {
    return columns.get(column).longList();
  }

  /** Null where the column is null. */
  public float[] getFloatList(String column) {
    return columns.get(column).floatList();
  }

  /** Null where the column is null. */
  public double[] getDoubleList(String column) {
    return columns.get(column).doubleList();
  }

  /** Null where the column is null. */
  public List<String> getStringList(String column) {
    return columns.get(column).stringList();
  }
}
