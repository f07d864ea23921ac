package io.github.ffncensus.interpret.values;

import io.github.ffncensus.model.Lens;

/**
 * One value vector under one lens, and how close it lies to the output embedding.
 *
 * @param topToken the token with the largest logit, of equal ones the lowest id; null where all
 *     logits are equal, as those of a value vector of zeros, which predicts nothing
 * @param peakZ (largest logit - mean) / standard deviation over the vocabulary; null where all
 *     logits are equal
 * @param target the target at the strongest trigger; null where there is none, as the two after it
 * @param agrees whether the target is the top token; false where there is none
 * @param targetRank from 1: tokens with a larger logit, or an equal one and a lower id, plus one;
 *     null also where all logits are equal
 * @param maxCosine largest cosine between a row of the output embedding and the value as the lens
 *     maps it; null where that is the zero vector, as the two after it
 * @param maxCosineToken the row's token, of equal ones the lowest id
 * @param minCosine smallest cosine
 */
public record ValueLens(
    int layer,
    int neuron,
    Lens lens,
    Integer topToken,
    Double peakZ,
    Integer target,
    Boolean agrees,
    Integer targetRank,
    Double maxCosine,
    Integer maxCosineToken,
    Double minCosine) {}
