package io.github.ffncensus.interpret.memories;

import java.util.List;

/**
 * The last layer at one position. r is its residual stream before the FFN and y the FFN's output; r
 * and the model's own prediction are read through the model's head, y and the memories with the
 * lens of value vectors. Ranks count from 1 and are one more than there are tokens with a larger
 * logit.
 *
 * @param tokenId token at the position
 * @param outputToken the model's own prediction
 * @param outputEntropy of the model's own distribution, in nats
 * @param residualLength length of r
 * @param residualRank one more than there are memories with a larger contribution than that length
 * @param activeMemories memories with m > 0
 * @param totalContribution sum of the contributions of all memories
 * @param residualToken what r predicts
 * @param residualOutputRank of the model's prediction in the distribution of r
 * @param ffnToken what y predicts
 * @param ffnOutputRank of the model's prediction in the distribution of y
 * @param residualTokenRankInFfn of the residual's token in the distribution of y
 * @param medianOutputRank of the model's prediction over the active memories, the lower of two
 *     middle ones; value vectors of zeros are left out; null if no memory is left
 * @param outputVoters active memories that predict what the model predicts
 * @param memoriesForFfnToken the smallest n such that the sum of the n memories with the largest
 *     contributions predicts what y predicts; null if not even that of all does, without the bias
 * @param memories those with the largest contributions, without those that contribute nothing
 */
public record MemoryPosition(
    int layer,
    long sequenceId,
    int position,
    int tokenId,
    int outputToken,
    double outputProbability,
    double outputEntropy,
    float residualLength,
    int residualRank,
    int activeMemories,
    double totalContribution,
    int residualToken,
    int residualOutputRank,
    double residualOutputProbability,
    int ffnToken,
    int ffnOutputRank,
    double ffnOutputProbability,
    int residualTokenRankInFfn,
    double residualTokenProbabilityInFfn,
    Integer medianOutputRank,
    int outputVoters,
    Integer memoriesForFfnToken,
    List<MemoryAblation> memories) {}
