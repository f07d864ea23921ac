package io.github.ffncensus.analysis.positions;

/**
 * A row of the table {@code prediction_refinement}. What is a mean over positions is null where
 * none was sampled.
 *
 * @param matches share of positions where the residual predicts the model's output
 * @param residual positions of the class, like {@code ffn}, {@code agreement}, {@code composition}
 * @param splitAgreement positions among {@code composition} where residual and FFN predict the same
 * @param medianProbability the middle of a bin of 1/1000, so off by at most 1/2000
 * @param settled positions from whose residual of this layer on all predict the output
 * @param residualInFfn mean of {@link SampledPosition#residualTokenInFfn}; null if none speaks
 * @param residualInFfnOfChanged the same where top(o) is not top(r)
 * @param demoted share of those positions where it is below 0
 * @param residualTokenRank median rank of top(r) in y there; in the last layer only
 * @param cosine mean of the output embeddings of top(r) and top(o) in the class composition; null
 *     if it is empty, like the following
 * @param sharedStem share of its positions where the two are words of one stem
 * @param related share of its positions where they are {@link Change#related}
 * @param layerTokenRank median rank of top(o) in r's distribution; in the last layer only
 */
public record RefinementRow(
    int layer,
    long positions,
    Double matches,
    Double meanProbability,
    long residual,
    long ffn,
    long agreement,
    long composition,
    long splitAgreement,
    Double medianProbability,
    long settled,
    Double residualInFfn,
    Double residualInFfnOfChanged,
    Double demoted,
    Integer residualTokenRank,
    Double cosine,
    Double sharedStem,
    Double related,
    Integer layerTokenRank) {}
