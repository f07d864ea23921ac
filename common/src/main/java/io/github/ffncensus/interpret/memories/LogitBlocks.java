package io.github.ffncensus.interpret.memories;

import io.github.ffncensus.model.Transformer;

/**
 * How many rows of logits over the whole vocabulary are held at once.
 *
 * @param rows of one matrix product
 * @param stepRows of those, how many are worked on together
 */
record LogitBlocks(int rows, int stepRows) {
  private static final long HOST_BYTES = 64L << 20;
  private static final long DEVICE_BYTES = 256L << 20;

  /** What a core's caches hold. */
  private static final long HOST_STEP_BYTES = 1L << 20;

  static LogitBlocks of(Transformer model) {
    long rowBytes = (long) Float.BYTES * model.architecture().vocabulary();
    if (model.device().isGpu()) {
      int rows = rows(DEVICE_BYTES, rowBytes);
      return new LogitBlocks(rows, rows);
    }
    return new LogitBlocks(rows(HOST_BYTES, rowBytes), rows(HOST_STEP_BYTES, rowBytes));
  }

  private static int rows(long bytes, long rowBytes) {
    return (int) Math.max(1, bytes / rowBytes);
  }
}
