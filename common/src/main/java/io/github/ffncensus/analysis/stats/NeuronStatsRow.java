package io.github.ffncensus.analysis.stats;

import java.util.List;

/**
 * One neuron's row of {@code neuron_stats}; columns as in data-schemas/neuron_stats.md.
 *
 * @param stddev of the population: the corpus is all there is
 * @param skewness null where the coefficient never varies
 * @param kurtosis excess kurtosis (0 for a normal distribution), null where it never varies
 * @param quadrantFractions null for plain FFNs
 */
public record NeuronStatsRow(
    int layer,
    int neuron,
    long tokenCount,
    double mean,
    double stddev,
    Double skewness,
    Double kurtosis,
    float min,
    float max,
    double activeFraction,
    float p50,
    float p90,
    float p99,
    float p999,
    long[] histogram,
    double[] quadrantFractions,
    double[] quadrantMeans) {

  /**
   * A neuron over several sets of tokens that have none in common: counts, extremes and histogram
   * exactly, and so the quantiles; moments to some units in the last place.
   *
   * @param rows of the same neuron, at least one
   */
  public static NeuronStatsRow combined(List<NeuronStatsRow> rows) {
    StatisticsBlock block = StatisticsBlock.of(0, rows.get(0));
    for (int part = 1; part < rows.size(); part++) {
      block.add(StatisticsBlock.of(part, rows.get(part)));
    }
    return block.rows(rows.get(0).layer(), rows.get(0).neuron()).get(0);
  }
}
