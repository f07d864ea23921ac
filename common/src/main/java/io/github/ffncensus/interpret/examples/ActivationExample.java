package io.github.ffncensus.interpret.examples;

/**
 * A position that was drawn for a neuron and a band of its range.
 *
 * @param key decides which positions are drawn: those with the smallest ones
 * @param positionsInBand sampled positions, of those that were read together, whose coefficient
 *     lies in the band
 */
public record ActivationExample(
    int layer,
    int neuron,
    QuantileBand band,
    long key,
    float coefficient,
    long sequenceId,
    int position,
    long positionsInBand) {}
