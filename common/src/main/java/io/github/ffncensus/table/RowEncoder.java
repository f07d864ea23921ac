package io.github.ffncensus.table;

/**
 * Writes the columns of one row. Every required column must be written exactly once; a nullable
 * column that is not written is null.
 */
@FunctionalInterface
public interface RowEncoder<T> {
  void encode(T row, RowWriter out);
}
