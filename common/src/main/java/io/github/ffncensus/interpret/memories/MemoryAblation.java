package io.github.ffncensus.interpret.memories;

/**
 * One memory at one position, and the model's prediction without it.
 *
 * @param rank from 1, by contribution; of equal ones the lowest neuron comes first
 * @param coefficient m
 * @param contribution length of m v, the vector that the memory adds to the residual stream
 * @param valueToken what m v predicts: the top token of v, or its bottom token where m is negative
 * @param outputRank of the model's prediction in the distribution of m v; from 1, one more than
 *     there are tokens with a larger logit
 * @param outputProbability of the model's prediction in the distribution of m v
 * @param ffnTokenRank of the FFN's top token in the distribution of m v, as {@code outputRank}
 * @param ffnTokenProbability of the FFN's top token in the distribution of m v
 * @param logProbabilityChange of the model's prediction when the memory is removed: log p without
 *     it - log p with it, in nats
 * @param changesPrediction whether the model predicts another token without the memory
 * @param predictionWithout what it predicts without the memory
 */
public record MemoryAblation(
    int rank,
    int neuron,
    float coefficient,
    float contribution,
    int valueToken,
    int outputRank,
    double outputProbability,
    int ffnTokenRank,
    double ffnTokenProbability,
    double logProbabilityChange,
    boolean changesPrediction,
    int predictionWithout) {}
