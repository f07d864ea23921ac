/** Statistics of every neuron: the table {@code neuron_stats}. */
package io.github.ffncensus.analysis.stats;
