package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;

/**
 * The weights of a transformer on one device. Arrays may be views of memory-mapped files, so
 * nothing ever writes to them.
 *
 * @param tokens token embedding, (vocabulary, hidden)
 * @param positions position embedding, (positions, hidden), absent with rotary positions
 * @param type the vector of token type 0, (hidden)
 */
record TransformerWeights(
    NDArray tokens,
    Optional<NDArray> positions,
    Optional<NDArray> type,
    Optional<Norm> embeddingNorm,
    List<Layer> layers,
    Optional<Norm> finalNorm,
    Optional<Head> head) {

  /**
   * @param weight (out, in)
   * @param bias (out) or null
   */
  record Linear(NDArray weight, NDArray bias) {}

  /**
   * @param gain (hidden)
   * @param shift (hidden), null for a root-mean-square norm
   */
  record Norm(NDArray gain, NDArray shift) {}

  /**
   * One block. The rows of {@code up} (with {@code gate}: the pairs of rows) are the keys k_i, the
   * columns of {@code down} the values v_i.
   *
   * @param gate null for a plain FFN
   */
  record Layer(
      Linear query,
      Linear key,
      Linear value,
      Linear attentionOutput,
      Norm attentionNorm,
      Norm ffnNorm,
      Linear gate,
      Linear up,
      Linear down) {}

  /**
   * The map from final state to logits.
   *
   * @param transform null where the head is a single matrix
   * @param output output embedding E, (vocabulary, hidden), and the bias on the logits
   */
  record Head(Linear transform, Norm norm, Linear output) {}
}
