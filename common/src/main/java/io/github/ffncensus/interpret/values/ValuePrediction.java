package io.github.ffncensus.interpret.values;

/**
 * What one value vector promotes, and whether its key's triggers agree. Token ids are rows of the
 * model's output embedding, those beyond the tokenizer's tokens (padding of the matrix) included:
 * the model can predict them.
 *
 * @param topTokenIds most probable first; of equal logits the lowest id first
 * @param topProbabilities of the top tokens
 * @param topToken the first of them; null where all logits are equal, as those of a value vector of
 *     zeros: it predicts nothing, although some token is the first of equal ones
 * @param maxProbability of the first top token, in [1 / vocabulary, 1]
 * @param entropy in nats, in [0, ln vocabulary]
 * @param peakZ (largest logit - mean) / standard deviation over the vocabulary; null where all
 *     logits are equal
 * @param marginZ (largest - second largest logit) / standard deviation; null as {@code peakZ}
 * @param bottomTokenIds least probable first, of equal logits the lowest id first; null for
 *     activations that are never negative
 * @param meanCoefficient of the positive triggers; null without any, as the two after it
 * @param maxProbabilityAtMeanCoefficient largest probability when the value is multiplied by it
 * @param entropyAtMeanCoefficient entropy when the value is multiplied by it
 * @param targetTokenId the target at the strongest trigger; null where there is none, as the two
 *     after it
 * @param agrees whether the target is {@code topToken}; false where that is null
 * @param targetRank from 1: tokens with a larger logit, or an equal one and a lower id, plus one;
 *     null also where all logits are equal
 * @param agreementCount triggers whose target is {@code topToken}
 * @param targets triggers with a target
 */
public record ValuePrediction(
    int layer,
    int neuron,
    int[] topTokenIds,
    float[] topProbabilities,
    Integer topToken,
    double maxProbability,
    double entropy,
    Double peakZ,
    Double marginZ,
    int[] bottomTokenIds,
    Double meanCoefficient,
    Double maxProbabilityAtMeanCoefficient,
    Double entropyAtMeanCoefficient,
    Integer targetTokenId,
    Boolean agrees,
    Integer targetRank,
    int agreementCount,
    int targets) {}
