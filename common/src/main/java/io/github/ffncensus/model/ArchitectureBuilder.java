package io.github.ffncensus.model;

import io.github.ffncensus.model.Architecture.PositionEncoding;
import java.util.Optional;

/**
 * Names what an architecture is made of, one by one. What is not named is as in most families: one
 * key/value head for each head, of size hidden / heads; layer norms; a plain FFN; biases
 * everywhere; an output embedding tied to the token embedding.
 */
final class ArchitectureBuilder {
  private final boolean causal;
  private final boolean preNorm;
  private int layers;
  private int hidden;
  private int heads;
  private int keyValueHeads;
  private int headSize;
  private int intermediate;
  private int vocabulary;
  private int maxSequenceTokens;
  private boolean parallel;
  private boolean rmsNorm;
  private boolean gainsLessOne;
  private double normEpsilon;
  private double embeddingScale = 1;
  private PositionEncoding positions;
  private int firstPosition;
  private int positionRows;
  private Optional<RotaryFrequencies> rotary = Optional.empty();
  private Optional<RelativeBuckets> relative = Optional.empty();
  private boolean gated;
  private ActivationFunction activation;
  private boolean queryKeyValueBias = true;
  private boolean attentionOutputBias = true;
  private boolean ffnBias = true;
  private int tokenTypes;
  private boolean scaledScores = true;
  private boolean inverseLayerScale;
  private boolean tiedHead = true;
  private Optional<ActivationFunction> headActivation = Optional.empty();
  private boolean withoutDecoder;
  private int paddingId;

  private ArchitectureBuilder(boolean causal, boolean preNorm) {
    this.causal = causal;
    this.preNorm = preNorm;
  }

  /** A language model whose norms stand before attention and FFN. */
  static ArchitectureBuilder causal() {
    return new ArchitectureBuilder(true, true);
  }

  /** A masked model whose norms stand after attention and FFN. */
  static ArchitectureBuilder masked() {
    return new ArchitectureBuilder(false, false);
  }

  /** The encoder of an encoder-decoder model, whose norms stand before attention and FFN. */
  static ArchitectureBuilder encoder() {
    ArchitectureBuilder builder = new ArchitectureBuilder(false, true);
    builder.withoutDecoder = true;
    builder.tiedHead = false;
    return builder;
  }

  ArchitectureBuilder layers(int value) {
    layers = value;
    return this;
  }

  /**
   * Width of the residual stream, and how it is divided among heads.
   *
   * @param size of one head
   */
  ArchitectureBuilder hidden(int width, int number, int size) {
    hidden = width;
    heads = number;
    keyValueHeads = number;
    headSize = size;
    return this;
  }

  ArchitectureBuilder keyValueHeads(int value) {
    keyValueHeads = value;
    return this;
  }

  ArchitectureBuilder intermediate(int value) {
    intermediate = value;
    return this;
  }

  ArchitectureBuilder vocabulary(int value) {
    vocabulary = value;
    return this;
  }

  ArchitectureBuilder maxSequenceTokens(int value) {
    maxSequenceTokens = value;
    return this;
  }

  /** Whether attention and FFN read the same state, side by side. */
  ArchitectureBuilder parallel(boolean value) {
    parallel = value;
    return this;
  }

  ArchitectureBuilder layerNorm(double epsilon) {
    rmsNorm = false;
    normEpsilon = epsilon;
    return this;
  }

  ArchitectureBuilder rmsNorm(double epsilon) {
    rmsNorm = true;
    normEpsilon = epsilon;
    return this;
  }

  ArchitectureBuilder gainsLessOne(boolean value) {
    gainsLessOne = value;
    return this;
  }

  ArchitectureBuilder embeddingScale(double value) {
    embeddingScale = value;
    return this;
  }

  /**
   * A table of position vectors.
   *
   * @param first row of the first token
   */
  ArchitectureBuilder learnedPositions(int first) {
    positions = PositionEncoding.LEARNED;
    firstPosition = first;
    return this;
  }

  /** Of the position table, where it goes on after the longest sequence. */
  ArchitectureBuilder positionRows(int value) {
    positionRows = value;
    return this;
  }

  /**
   * As {@link #learnedPositions}, not counting padding tokens.
   *
   * @param first row of the first token
   */
  ArchitectureBuilder learnedPositionsSkippingPadding(int first) {
    positions = PositionEncoding.LEARNED_SKIPPING_PADDING;
    firstPosition = first;
    return this;
  }

  ArchitectureBuilder rotary(RotaryFrequencies frequencies) {
    positions = PositionEncoding.ROTARY;
    rotary = Optional.of(frequencies);
    return this;
  }

  ArchitectureBuilder relative(RelativeBuckets buckets) {
    positions = PositionEncoding.RELATIVE;
    relative = Optional.of(buckets);
    return this;
  }

  /** An FFN of act(up). */
  ArchitectureBuilder plain(ActivationFunction function) {
    gated = false;
    activation = function;
    return this;
  }

  /** An FFN of act(gate) * up. */
  ArchitectureBuilder gated(ActivationFunction function) {
    gated = true;
    activation = function;
    return this;
  }

  /**
   * @param queryKeyValue on queries, keys and values
   * @param output on what attention writes into the residual stream
   */
  ArchitectureBuilder attentionBias(boolean queryKeyValue, boolean output) {
    queryKeyValueBias = queryKeyValue;
    attentionOutputBias = output;
    return this;
  }

  ArchitectureBuilder ffnBias(boolean value) {
    ffnBias = value;
    return this;
  }

  ArchitectureBuilder tokenTypes(int value) {
    tokenTypes = value;
    return this;
  }

  ArchitectureBuilder scaledScores(boolean value) {
    scaledScores = value;
    return this;
  }

  ArchitectureBuilder inverseLayerScale(boolean value) {
    inverseLayerScale = value;
    return this;
  }

  ArchitectureBuilder tiedHead(boolean value) {
    tiedHead = value;
    return this;
  }

  ArchitectureBuilder headActivation(ActivationFunction value) {
    headActivation = Optional.of(value);
    return this;
  }

  ArchitectureBuilder paddingId(int value) {
    paddingId = value;
    return this;
  }

  Architecture build() {
    return new Architecture(
        causal,
        layers,
        hidden,
        heads,
        keyValueHeads,
        headSize,
        intermediate,
        vocabulary,
        maxSequenceTokens,
        preNorm,
        parallel,
        rmsNorm,
        gainsLessOne,
        normEpsilon,
        embeddingScale,
        positions,
        firstPosition,
        positionRows > 0 ? positionRows : firstPosition + maxSequenceTokens,
        rotary,
        relative,
        gated,
        activation,
        queryKeyValueBias,
        attentionOutputBias,
        ffnBias,
        tokenTypes,
        scaledScores,
        inverseLayerScale,
        tiedHead,
        headActivation,
        withoutDecoder,
        paddingId);
  }
}
