package io.github.ffncensus.analysis.stats;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.RowBlock;
import java.util.Arrays;

/**
 * Running sums of one layer over one shard, on the host.
 *
 * <p>Powers are taken about each neuron's mean in the first rows and summed in float32 over runs of
 * 32 rows, then in float64. The loops are kept to one operation on flat arrays each, the form that
 * the JVM compiles to vector instructions.
 */
final class LayerSums {
  private static final int RUN_ROWS = 32;
  private static final int TILE_NEURONS = 64;

  final int neurons;
  final boolean gated;
  long count;
  float[] shift;
  final double[][] powers;
  final float[] min;
  final float[] max;

  /** Positive values so small that they lie in the bucket around zero. */
  final int[] tinyPositive;

  /** (neurons, buckets). */
  final int[] histogram;

  final double[][] quadrantSums;
  final long[][] quadrantCounts;
  private final float[][] run;

  LayerSums(int neurons, boolean gated) {
    this.neurons = neurons;
    this.gated = gated;
    powers = new double[Moments.CENTRAL][neurons];
    run = new float[Moments.CENTRAL][neurons];
    min = new float[neurons];
    max = new float[neurons];
    Arrays.fill(min, Float.POSITIVE_INFINITY);
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
    tinyPositive = new int[neurons];
    histogram = new int[Math.multiplyExact(neurons, CoefficientBuckets.COUNT)];
    quadrantSums = new double[gated ? StatisticsBlock.QUADRANTS : 0][neurons];
    quadrantCounts = new long[gated ? StatisticsBlock.QUADRANTS : 0][neurons];
  }

  void add(RowBlock block) {
    if (block.rows() == 0) {
      return;
    }
    float[] x = block.coefficients();
    if (shift == null) {
      shift = means(x, block.rows());
    }
    for (int from = 0; from < block.rows(); from += RUN_ROWS) {
      addPowers(x, from, Math.min(block.rows(), from + RUN_ROWS));
    }
    for (int row = 0; row < block.rows(); row++) {
      addExtremes(x, row * neurons);
    }
    for (int from = 0; from < neurons; from += TILE_NEURONS) {
      addToHistogram(x, block.rows(), from, Math.min(neurons, from + TILE_NEURONS));
    }
    if (gated) {
      addQuadrants(x, block.up(), block.rows());
    }
    count += block.rows();
  }

  private float[] means(float[] x, int rows) {
    float[] means = new float[neurons];
    for (int row = 0; row < rows; row++) {
      for (int i = 0, at = row * neurons; i < neurons; i++) {
        means[i] += x[at + i];
      }
    }
    for (int i = 0; i < neurons; i++) {
      means[i] /= rows;
    }
    return means;
  }

  private void addPowers(float[] x, int fromRow, int toRow) {
    for (float[] sums : run) {
      Arrays.fill(sums, 0);
    }
    for (int row = fromRow; row < toRow; row++) {
      addPowers(x, row * neurons, shift, run[0], run[1], run[2], run[3]);
    }
    for (int p = 0; p < Moments.CENTRAL; p++) {
      double[] total = powers[p];
      float[] part = run[p];
      for (int i = 0; i < neurons; i++) {
        total[i] += part[i];
      }
    }
  }

  private static void addPowers(
      float[] x, int at, float[] shift, float[] s1, float[] s2, float[] s3, float[] s4) {
    for (int i = 0; i < shift.length; i++) {
      float d = x[at + i] - shift[i];
      float d2 = d * d;
      s1[i] += d;
      s2[i] += d2;
      s3[i] += d2 * d;
      s4[i] += d2 * d2;
    }
  }

  private void addExtremes(float[] x, int at) {
    for (int i = 0; i < neurons; i++) {
      max[i] = Math.max(max[i], x[at + i]);
    }
    for (int i = 0; i < neurons; i++) {
      min[i] = Math.min(min[i], x[at + i]);
    }
  }

  /** A tile of neurons at a time, so that their counters stay in the cache over all rows. */
  private void addToHistogram(float[] x, int rows, int from, int to) {
    for (int row = 0; row < rows; row++) {
      int at = row * neurons;
      for (int i = from; i < to; i++) {
        float value = x[at + i];
        int bucket = CoefficientBuckets.of(value);
        histogram[i * CoefficientBuckets.COUNT + bucket]++;
        if (bucket == CoefficientBuckets.ZERO && value > 0) {
          tinyPositive[i]++;
        }
      }
    }
  }

  private void addQuadrants(float[] m, float[] up, int rows) {
    for (int row = 0; row < rows; row++) {
      int at = row * neurons;
      for (int i = 0; i < neurons; i++) {
        // act(gate) has the sign of gate, so the product with up tells the gate's.
        boolean upPositive = up[at + i] > 0;
        boolean gatePositive = upPositive ? m[at + i] > 0 : m[at + i] < 0;
        int quadrant = (gatePositive ? 0 : 2) + (upPositive ? 0 : 1);
        quadrantSums[quadrant][i] += m[at + i];
        quadrantCounts[quadrant][i]++;
      }
    }
  }

  /** Packs a block of neurons. */
  StatisticsBlock block(int block, int shard) {
    int first = block * Analysis.BLOCK_NEURONS;
    int size = Math.min(Analysis.BLOCK_NEURONS, neurons - first);
    StatisticsBlock packed = new StatisticsBlock(size, gated);
    int width = Moments.CENTRAL + quadrantSums.length;
    double[] values = new double[size * width];
    double[] sums = new double[Moments.CENTRAL];
    for (int i = 0; i < size; i++) {
      int neuron = first + i;
      for (int p = 0; p < sums.length; p++) {
        sums[p] = powers[p][neuron];
      }
      Moments.central(values, i * width, count, shift[neuron], sums);
      for (int q = 0; q < quadrantSums.length; q++) {
        values[i * width + Moments.CENTRAL + q] = quadrantSums[q][neuron];
        packed.quadrantCounts[i * StatisticsBlock.QUADRANTS + q] = quadrantCounts[q][neuron];
      }
      packed.min[i] = min[neuron];
      packed.max[i] = max[neuron];
      copyHistogram(packed, i, neuron);
    }
    packed.moments.addShard(shard, new Moments.Sums(count, values));
    return packed;
  }

  private void copyHistogram(StatisticsBlock packed, int i, int neuron) {
    for (int bucket = 0; bucket < CoefficientBuckets.COUNT; bucket++) {
      packed.histogram[i][bucket] = histogram[neuron * CoefficientBuckets.COUNT + bucket];
    }
    packed.positive[i] = tinyPositive[neuron] + positiveBuckets(neuron);
  }

  /** Count of the values in the buckets above zero. */
  long positiveBuckets(int neuron) {
    long positive = 0;
    for (int bucket = CoefficientBuckets.ZERO + 1; bucket < CoefficientBuckets.COUNT; bucket++) {
      positive += histogram[neuron * CoefficientBuckets.COUNT + bucket];
    }
    return positive;
  }
}
