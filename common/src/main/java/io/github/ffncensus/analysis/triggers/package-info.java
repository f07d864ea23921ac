/** The exact strongest prefixes of every neuron: the table {@code trigger_prefixes}. */
package io.github.ffncensus.analysis.triggers;
