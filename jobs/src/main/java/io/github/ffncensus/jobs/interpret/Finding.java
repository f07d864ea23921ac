package io.github.ffncensus.jobs.interpret;

/**
 * A number of this run beside the paper's.
 *
 * @param layer null for a number of the whole model
 * @param value null where this run holds nothing to compute it from
 * @param paperValue null where the paper gives none that compares
 * @param detail what is counted, and over what
 */
record Finding(String finding, Integer layer, Double value, Double paperValue, String detail) {}
