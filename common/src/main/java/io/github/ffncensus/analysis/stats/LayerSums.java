package io.github.ffncensus.analysis.stats;

import io.github.ffncensus.analysis.Analysis;
import java.util.Arrays;

/**
 * Sums of one layer over one shard, on the host. Powers are those of the distance to each neuron's
 * {@link #shift}, a value near its mean.
 */
final class LayerSums {
  final int neurons;
  final boolean gated;
  long count;
  float[] shift;
  final double[][] powers;
  final float[] min;
  final float[] max;

  /** (neurons, slots): see {@link CoefficientBuckets#SLOTS}. */
  final int[] counts;

  final double[][] quadrantSums;
  final long[][] quadrantCounts;

  LayerSums(int neurons, boolean gated, int[] counts) {
    this.neurons = neurons;
    this.gated = gated;
    powers = new double[Moments.CENTRAL][neurons];
    min = new float[neurons];
    max = new float[neurons];
    Arrays.fill(min, Float.POSITIVE_INFINITY);
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
    this.counts = counts;
    quadrantSums = new double[gated ? StatisticsBlock.QUADRANTS : 0][neurons];
    quadrantCounts = new long[gated ? StatisticsBlock.QUADRANTS : 0][neurons];
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
    int start = neuron * CoefficientBuckets.SLOTS;
    long positive = counts[start + CoefficientBuckets.TINY_POSITIVE];
    for (int bucket = 0; bucket < CoefficientBuckets.COUNT; bucket++) {
      packed.histogram[i][bucket] = counts[start + bucket];
      positive += bucket > CoefficientBuckets.ZERO ? counts[start + bucket] : 0;
    }
    packed.histogram[i][CoefficientBuckets.ZERO] +=
        counts[start + CoefficientBuckets.TINY_POSITIVE];
    packed.positive[i] = positive;
  }
}
