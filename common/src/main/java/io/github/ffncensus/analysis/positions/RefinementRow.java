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
    Double residualInFfn) {}
