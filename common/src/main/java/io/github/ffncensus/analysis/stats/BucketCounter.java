package io.github.ffncensus.analysis.stats;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import java.nio.ByteOrder;

/**
 * Counts a layer's coefficients into buckets on a CPU, where the engine has no fast way to. Recent
 * counts are 16 bits wide, which halves what the cache must hold, and move to 32 bits before they
 * can overflow.
 */
final class BucketCounter {
  private static final int TILE_NEURONS = 64;
  private static final int MAX_RECENT_ROWS = 0xffff;

  private final int neurons;
  private final int[] counts;
  private final short[] recent;
  private int recentRows;
  private float[] chunk = new float[0];

  BucketCounter(int neurons) {
    this.neurons = neurons;
    counts = new int[Math.multiplyExact(neurons, CoefficientBuckets.SLOTS)];
    recent = new short[counts.length];
  }

  /** (neurons, slots): see {@link CoefficientBuckets#SLOTS}. */
  int[] counts() {
    settle();
    return counts;
  }

  private void settle() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += recent[i] & 0xffff;
      recent[i] = 0;
    }
    recentRows = 0;
  }

  /**
   * @param m (rows, neurons), in the host's memory
   */
  void count(NDArray m) {
    int rows = (int) m.getShape().get(0);
    if (chunk.length < rows * neurons) {
      chunk = new float[rows * neurons];
    }
    ((PtNDArray) m)
        .toByteBuffer(true)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .get(chunk, 0, rows * neurons);
    for (int from = 0; from < rows; from += MAX_RECENT_ROWS) {
      count(from, Math.min(rows, from + MAX_RECENT_ROWS));
    }
  }

  private void count(int fromRow, int toRow) {
    if (recentRows + toRow - fromRow > MAX_RECENT_ROWS) {
      settle();
    }
    recentRows += toRow - fromRow;
    // A tile of neurons at a time, so that their counters stay in the cache over all rows.
    for (int from = 0; from < neurons; from += TILE_NEURONS) {
      int to = Math.min(neurons, from + TILE_NEURONS);
      for (int row = fromRow; row < toRow; row++) {
        count(chunk, row * neurons, from, to, recent);
      }
    }
  }

  /** Four at a time: the look-ups of one do not wait for the counter of another. */
  private static void count(float[] chunk, int row, int from, int to, short[] counts) {
    int slots = CoefficientBuckets.SLOTS;
    int start = from * slots;
    int i = from;
    for (; i + 3 < to; i += 4) {
      int a = CoefficientBuckets.slot(chunk[row + i]);
      int b = CoefficientBuckets.slot(chunk[row + i + 1]);
      int c = CoefficientBuckets.slot(chunk[row + i + 2]);
      int d = CoefficientBuckets.slot(chunk[row + i + 3]);
      counts[start + a]++;
      counts[start + slots + b]++;
      counts[start + 2 * slots + c]++;
      counts[start + 3 * slots + d]++;
      start += 4 * slots;
    }
    for (; i < to; i++) {
      counts[start + CoefficientBuckets.slot(chunk[row + i])]++;
      start += slots;
    }
  }
}
