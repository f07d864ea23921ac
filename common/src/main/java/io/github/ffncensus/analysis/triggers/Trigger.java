package io.github.ffncensus.analysis.triggers;

/**
 * A prefix that triggers a neuron: sequence {@code sequenceId} up to and including {@code
 * position}.
 *
 * @param rank from 1, strongest first
 */
public record Trigger(
    int layer,
    int neuron,
    Polarity polarity,
    int rank,
    float coefficient,
    long sequenceId,
    int position) {}
