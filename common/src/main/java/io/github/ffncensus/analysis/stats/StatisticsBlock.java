package io.github.ffncensus.analysis.stats;

import io.github.ffncensus.analysis.Packed;
import java.util.ArrayList;
import java.util.List;

/** Statistics of up to 256 neurons of a layer over some shards: what travels and merges. */
final class StatisticsBlock {
  /** Sums of the coefficient in the four sign quadrants of a gated FFN. */
  static final int QUADRANTS = 4;

  final int neurons;
  final boolean gated;
  final Moments moments;
  final float[] min;
  final float[] max;
  final long[] positive;
  final long[][] histogram;

  /** (neurons, quadrant) counts, gated FFNs only. */
  final long[] quadrantCounts;

  StatisticsBlock(int neurons, boolean gated) {
    this(neurons, gated, new Moments(neurons, gated ? QUADRANTS : 0));
  }

  private StatisticsBlock(int neurons, boolean gated, Moments moments) {
    this.neurons = neurons;
    this.gated = gated;
    this.moments = moments;
    this.min = new float[neurons];
    this.max = new float[neurons];
    this.positive = new long[neurons];
    this.histogram = new long[neurons][CoefficientBuckets.COUNT];
    this.quadrantCounts = new long[gated ? neurons * QUADRANTS : 0];
    java.util.Arrays.fill(min, Float.POSITIVE_INFINITY);
    java.util.Arrays.fill(max, Float.NEGATIVE_INFINITY);
  }

  /** Adds another block of the same neurons, over other shards. */
  void add(StatisticsBlock other) {
    moments.addAll(other.moments);
    for (int i = 0; i < neurons; i++) {
      min[i] = Math.min(min[i], other.min[i]);
      max[i] = Math.max(max[i], other.max[i]);
      positive[i] += other.positive[i];
      for (int bucket = 0; bucket < CoefficientBuckets.COUNT; bucket++) {
        histogram[i][bucket] += other.histogram[i][bucket];
      }
    }
    for (int i = 0; i < quadrantCounts.length; i++) {
      quadrantCounts[i] += other.quadrantCounts[i];
    }
  }

  byte[] pack() {
    Packed out = new Packed();
    out.putVarLong(neurons).putVarLong(gated ? 1 : 0);
    moments.write(out);
    for (int i = 0; i < neurons; i++) {
      out.putFloat(min[i]).putFloat(max[i]).putVarLong(positive[i]);
      int last = -1;
      for (int bucket = 0; bucket < CoefficientBuckets.COUNT; bucket++) {
        if (histogram[i][bucket] != 0) {
          out.putVarLong(bucket - last).putVarLong(histogram[i][bucket]);
          last = bucket;
        }
      }
      out.putVarLong(0);
    }
    for (long count : quadrantCounts) {
      out.putVarLong(count);
    }
    return out.toByteArray();
  }

  static StatisticsBlock unpack(byte[] packed) {
    Packed.Reader in = new Packed.Reader(packed);
    int neurons = in.varInt();
    boolean gated = in.varInt() == 1;
    StatisticsBlock block =
        new StatisticsBlock(neurons, gated, Moments.read(in, neurons, gated ? QUADRANTS : 0));
    for (int i = 0; i < neurons; i++) {
      block.min[i] = in.getFloat();
      block.max[i] = in.getFloat();
      block.positive[i] = in.varLong();
      int bucket = -1;
      for (int step = in.varInt(); step != 0; step = in.varInt()) {
        bucket += step;
        block.histogram[i][bucket] = in.varLong();
      }
    }
    for (int i = 0; i < block.quadrantCounts.length; i++) {
      block.quadrantCounts[i] = in.varLong();
    }
    return block;
  }

  /**
   * One neuron as the table has it. What the table gives as fractions becomes counts again,
   * exactly; central moments are right to some units in the last place.
   *
   * @param part its place among the parts that are added up
   */
  static StatisticsBlock of(int part, NeuronStatsRow row) {
    boolean gated = row.quadrantFractions() != null;
    StatisticsBlock block = new StatisticsBlock(1, gated);
    double n = row.tokenCount();
    double variance = row.stddev() * row.stddev();
    double[] sums = new double[Moments.CENTRAL + (gated ? QUADRANTS : 0)];
    sums[0] = row.mean();
    sums[1] = variance * n;
    if (row.skewness() != null) {
      sums[2] = row.skewness() * Math.pow(variance, 1.5) * n;
      sums[3] = (row.kurtosis() + 3) * variance * variance * n;
    }
    for (int q = 0; gated && q < QUADRANTS; q++) {
      block.quadrantCounts[q] = Math.round(row.quadrantFractions()[q] * n);
      sums[Moments.CENTRAL + q] = row.quadrantMeans()[q] * block.quadrantCounts[q];
    }
    block.moments.addShard(part, new Moments.Sums(row.tokenCount(), sums));
    block.min[0] = row.min();
    block.max[0] = row.max();
    block.positive[0] = Math.round(row.activeFraction() * n);
    block.histogram[0] = row.histogram().clone();
    return block;
  }

  /** The table rows of the block's neurons. */
  List<NeuronStatsRow> rows(int layer, int firstNeuron) {
    Moments.Sums total = moments.total();
    int width = Moments.CENTRAL + (gated ? QUADRANTS : 0);
    List<NeuronStatsRow> rows = new ArrayList<>(neurons);
    for (int i = 0; i < neurons; i++) {
      rows.add(row(layer, firstNeuron + i, i, total, i * width));
    }
    return rows;
  }

  private NeuronStatsRow row(int layer, int neuron, int i, Moments.Sums total, int at) {
    double n = total.count();
    double[] m = total.values();
    // What never varies has no spread, whatever rounding left of it.
    double variance = min[i] == max[i] ? 0 : m[at + 1] / n;
    boolean spread = variance > 0;
    return new NeuronStatsRow(
        layer,
        neuron,
        total.count(),
        m[at],
        Math.sqrt(variance),
        spread ? m[at + 2] / n / Math.pow(variance, 1.5) : null,
        spread ? m[at + 3] / n / (variance * variance) - 3 : null,
        min[i],
        max[i],
        positive[i] / n,
        CoefficientBuckets.quantile(histogram[i], 0.5, min[i], max[i]),
        CoefficientBuckets.quantile(histogram[i], 0.9, min[i], max[i]),
        CoefficientBuckets.quantile(histogram[i], 0.99, min[i], max[i]),
        CoefficientBuckets.quantile(histogram[i], 0.999, min[i], max[i]),
        histogram[i],
        gated ? quadrantFractions(i, n) : null,
        gated ? quadrantMeans(i, m, at) : null);
  }

  private double[] quadrantFractions(int i, double n) {
    double[] fractions = new double[QUADRANTS];
    for (int q = 0; q < QUADRANTS; q++) {
      fractions[q] = quadrantCounts[i * QUADRANTS + q] / n;
    }
    return fractions;
  }

  /** Mean coefficient per quadrant; zero where a quadrant has no value. */
  private double[] quadrantMeans(int i, double[] m, int at) {
    double[] means = new double[QUADRANTS];
    for (int q = 0; q < QUADRANTS; q++) {
      long count = quadrantCounts[i * QUADRANTS + q];
      means[q] = count == 0 ? 0 : m[at + Moments.CENTRAL + q] / count;
    }
    return means;
  }
}
