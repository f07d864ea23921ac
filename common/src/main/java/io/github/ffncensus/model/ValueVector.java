package io.github.ffncensus.model;

import java.io.Serializable;

/**
 * What a neuron's value vector v is, or is to be.
 *
 * @param layer from 0
 * @param neuron from 0
 * @param values hidden numbers
 */
public record ValueVector(int layer, int neuron, float[] values) implements Serializable {}
