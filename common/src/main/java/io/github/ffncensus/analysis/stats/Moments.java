package io.github.ffncensus.analysis.stats;

import io.github.ffncensus.analysis.Packed;
import io.github.ffncensus.analysis.ShardTree;

/**
 * Central moments of the neurons of a block, merged over shards in a fixed order, see {@link
 * ShardTree}.
 *
 * <p>Formulas: P. Pébay, Formulas for robust, one-pass parallel computation of covariances and
 * arbitrary-order statistical moments, SAND2008-6212.
 */
final class Moments {
  /** Per neuron: mean, M2, M3, M4, then any plain sums. */
  static final int CENTRAL = 4;

  private final int neurons;
  private final int width;

  private final ShardTree<Sums> shards = new ShardTree<>(this::merge);

  /**
   * @param count values per neuron
   * @param values (neurons, width)
   */
  record Sums(long count, double[] values) {}

  /**
   * @param plainSums numbers per neuron beyond the moments that are only added up
   */
  Moments(int neurons, int plainSums) {
    this.neurons = neurons;
    this.width = CENTRAL + plainSums;
  }

  /** Adds a shard; a shard added twice is refused. */
  void addShard(int shard, Sums sums) {
    shards.addShard(shard, sums);
  }

  void addAll(Moments other) {
    shards.addAll(other.shards);
  }

  /** All shards together. */
  Sums total() {
    return shards.total(new Sums(0, new double[neurons * width]));
  }

  private Sums merge(Sums a, Sums b) {
    if (a.count() == 0 || b.count() == 0) {
      return a.count() == 0 ? b : a;
    }
    double na = a.count();
    double nb = b.count();
    double n = na + nb;
    double[] merged = new double[neurons * width];
    for (int i = 0; i < neurons; i++) {
      int at = i * width;
      double[] x = a.values();
      double[] y = b.values();
      double delta = y[at] - x[at];
      double d2 = delta * delta;
      merged[at] = x[at] + delta * nb / n;
      merged[at + 1] = x[at + 1] + y[at + 1] + d2 * na * nb / n;
      merged[at + 2] =
          x[at + 2]
              + y[at + 2]
              + d2 * delta * na * nb * (na - nb) / (n * n)
              + 3 * delta * (na * y[at + 1] - nb * x[at + 1]) / n;
      merged[at + 3] =
          x[at + 3]
              + y[at + 3]
              + d2 * d2 * na * nb * (na * na - na * nb + nb * nb) / (n * n * n)
              + 6 * d2 * (na * na * y[at + 1] + nb * nb * x[at + 1]) / (n * n)
              + 4 * delta * (na * y[at + 2] - nb * x[at + 2]) / n;
      for (int j = CENTRAL; j < width; j++) {
        merged[at + j] = x[at + j] + y[at + j];
      }
    }
    return new Sums(a.count() + b.count(), merged);
  }

  void write(Packed out) {
    shards.write(
        out,
        (sums, packed) -> {
          packed.putVarLong(sums.count());
          for (double value : sums.values()) {
            packed.putDouble(value);
          }
        });
  }

  static Moments read(Packed.Reader in, int neurons, int plainSums) {
    Moments moments = new Moments(neurons, plainSums);
    moments.shards.read(
        in,
        packed -> {
          long count = packed.varLong();
          double[] values = new double[neurons * moments.width];
          for (int i = 0; i < values.length; i++) {
            values[i] = packed.getDouble();
          }
          return new Sums(count, values);
        });
    return moments;
  }

  /**
   * Central moments from power sums about a shift.
   *
   * @param sums of (x - shift) to the powers 1 to 4
   */
  static void central(double[] into, int at, long n, double shift, double[] sums) {
    double d = sums[0] / n;
    into[at] = shift + d;
    into[at + 1] = Math.max(0, sums[1] - n * d * d);
    into[at + 2] = sums[2] - 3 * d * sums[1] + 2 * n * d * d * d;
    into[at + 3] =
        Math.max(0, sums[3] - 4 * d * sums[2] + 6 * d * d * sums[1] - 3 * n * d * d * d * d);
  }
}
