package io.github.ffncensus.analysis.stats;

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
    double[] quadrantMeans) {}
