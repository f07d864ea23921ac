package io.github.ffncensus.model;

import java.util.Optional;

/**
 * Everything that the forward pass needs to know about an architecture besides its weights, as read
 * from {@code config.json} by the model's {@link ModelFamily}.
 *
 * @param causal position t sees positions up to t (a language model) or all (a masked model)
 * @param layers number of blocks, L
 * @param hidden width of the residual stream, d
 * @param intermediate neurons per layer, d_m
 * @param headSize width of one attention head, which need not be hidden / heads
 * @param vocabulary rows of the token embedding
 * @param maxSequenceTokens longest sequence that the model takes, special tokens included
 * @param preNorm norms stand before attention and FFN (GPT-2, LLaMA) rather than after (BERT)
 * @param parallel the FFN reads what came into the block, as attention does, and both are added to
 *     it (GPT-NeoX); r is then the block's input with attention's output, and x the norm of the
 *     input
 * @param rmsNorm root-mean-square norm (no centring, no shift) rather than layer norm
 * @param gainsLessOne weights have the gains of norms less 1 (Gemma)
 * @param embeddingScale factor on token embeddings where they enter the residual stream
 * @param positions how positions enter
 * @param firstPosition row of the position table that the first token uses (RoBERTa: padding id +
 *     1)
 * @param positionRows of the position table, which may go on where a window ends the context
 * @param gated the FFN is act(gate) * up (LLaMA) rather than act(up)
 * @param tokenTypes rows of the token type table, of which row 0 is used; 0 if there is none
 * @param scaledScores attention scores are divided by the root of the head size (T5: they are not)
 * @param inverseLayerScale divide attention scores of layer l by l + 1 (a GPT-2 option)
 * @param headActivation activation of the prediction head's transform, where it has one
 * @param withoutDecoder the encoder of an encoder-decoder model, whose decoder is not read: it
 *     predicts nothing
 */
public record Architecture(
    boolean causal,
    int layers,
    int hidden,
    int heads,
    int keyValueHeads,
    int headSize,
    int intermediate,
    int vocabulary,
    int maxSequenceTokens,
    boolean preNorm,
    boolean parallel,
    boolean rmsNorm,
    boolean gainsLessOne,
    double normEpsilon,
    double embeddingScale,
    PositionEncoding positions,
    int firstPosition,
    int positionRows,
    Optional<RotaryFrequencies> rotary,
    Optional<RelativeBuckets> relative,
    boolean gated,
    ActivationFunction activation,
    boolean queryKeyValueBias,
    boolean attentionOutputBias,
    boolean ffnBias,
    int tokenTypes,
    boolean scaledScores,
    boolean inverseLayerScale,
    boolean tiedHead,
    Optional<ActivationFunction> headActivation,
    boolean withoutDecoder,
    int paddingId) {

  /** How positions enter the model. */
  public enum PositionEncoding {
    /** A learned vector per position is added to the token embedding. */
    LEARNED,
    /**
     * As {@code LEARNED}, but positions count only tokens that are not the padding token, which
     * itself sits at row {@code paddingId} (RoBERTa).
     */
    LEARNED_SKIPPING_PADDING,
    /** Queries and keys are rotated by angles proportional to the position. */
    ROTARY,
    /** Attention scores have a learned bias by head and distance, the same in all layers. */
    RELATIVE
  }

  public Architecture {
    if (causal && relative.isPresent()) {
      throw new IllegalArgumentException("causal attention has no biases by distance");
    }
  }

  /** Neurons of the whole model. */
  public long neurons() {
    return (long) layers * intermediate;
  }

  /** Whether coefficients can be negative, and promote what the value demotes. */
  public boolean signedCoefficients() {
    return gated || activation != ActivationFunction.RELU;
  }

  /** Factor on the attention scores of one layer. */
  public double attentionScale(int layer) {
    double scale = scaledScores ? 1 / Math.sqrt(headSize) : 1;
    return inverseLayerScale ? scale / (layer + 1) : scale;
  }

  /**
   * Floating point operations of one forward pass per token, without the vocabulary projection: two
   * per multiply-add, attention counted for a sequence of the given length.
   */
  public double flopsPerToken(double sequenceTokens) {
    double attentionWidth = (double) heads * headSize;
    double projections =
        2.0 * hidden * attentionWidth + 2.0 * hidden * (double) keyValueHeads * headSize;
    double ffn = (gated ? 3.0 : 2.0) * hidden * intermediate;
    double scores = 2.0 * attentionWidth * sequenceTokens;
    return 2.0 * layers * (projections + ffn + scores);
  }
}
