package io.github.ffncensus.knowledge.intervention;

/**
 * A neuron whose coefficient is multiplied: by 0 to suppress it, by 2 to amplify it as the paper
 * does.
 *
 * @param layer from 0
 * @param neuron from 0
 */
public record ScaledNeuron(int layer, int neuron, float factor) {}
