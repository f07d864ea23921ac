package io.github.ffncensus.analysis.positions;

/**
 * One layer at one sampled position; the tables by layer are sums of these.
 *
 * @param tokenId token at the position
 * @param prefixTokens text tokens up to the position, this one included
 * @param outputToken the model's own prediction at the position
 * @param residualToken top(r)
 * @param ffnToken top(y)
 * @param layerToken top(o)
 * @param ffnValueToken top(y) under the lens of value vectors
 * @param outputProbability of the output token as the residual predicts it
 * @param settlingLayer first layer from which on every residual predicts the output token; the
 *     number of layers if the last does not
 * @param residualTokenInFfn logit of top(r) in y under the lens of value vectors, in standard
 *     deviations from the mean over the vocabulary; null if y says nothing
 * @param stopWord whether {@code ffnValueToken} is one
 * @param change null where top(o) is top(r)
 */
public record SampledPosition(
    long sequenceId,
    int position,
    int layer,
    int tokenId,
    int prefixTokens,
    int outputToken,
    int residualToken,
    int ffnToken,
    int layerToken,
    int ffnValueToken,
    double outputProbability,
    int settlingLayer,
    Double residualTokenInFfn,
    boolean stopWord,
    Change change,
    MemoryCounts memories) {

  public PredictionClass predictionClass() {
    return PredictionClass.of(residualToken, ffnToken, layerToken);
  }

  /** Residual and FFN predict the same, and the layer another: impossible for a linear lens. */
  boolean splitAgreement() {
    return residualToken == ffnToken && layerToken != ffnToken;
  }
}
