package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of a transformer on one device. Arrays may be views of memory-mapped files, so
 * nothing ever writes to them.
 *
 * @param tokens token embedding, (vocabulary, hidden)
 * @param positions position embedding, (positions, hidden), absent with positions of other kinds
 * @param relative biases on attention scores, (buckets, heads)
 * @param type the vector of token type 0, (hidden)
 */
record TransformerWeights(
    NDArray tokens,
    Optional<NDArray> positions,
    Optional<NDArray> relative,
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
   * @param gain (width), of the residual stream or of a head
   * @param shift (width), null for a root-mean-square norm
   */
  record Norm(NDArray gain, NDArray shift) {}

  /**
   * What a block mixes positions with.
   *
   * @param queryNorm of each head's queries, (head size), before they are rotated; null in most
   *     families
   * @param keyNorm likewise
   */
  record Attention(
      Linear query, Linear key, Linear value, Norm queryNorm, Norm keyNorm, Linear output) {}

  /**
   * One block. The rows of {@code up} (with {@code gate}: the pairs of rows) are the keys k_i, the
   * columns of {@code down} the values v_i.
   *
   * @param gate null for a plain FFN
   */
  record Layer(
      Attention attention, Norm attentionNorm, Norm ffnNorm, Linear gate, Linear up, Linear down) {

    private Layer withDown(NDArray weight) {
      return new Layer(
          attention, attentionNorm, ffnNorm, gate, up, new Linear(weight, down.bias()));
    }
  }

  /**
   * These weights but for some value vectors. Matrices with replaced columns are copies that belong
   * to the manager, everything else is shared.
   */
  TransformerWeights withValues(
      List<ValueVector> replaced, Kernels kernels, Precision precision, NDManager copies) {
    Map<Integer, NDArray> down = new HashMap<>();
    try (NDManager scope = copies.newSubManager()) {
      for (ValueVector vector : replaced) {
        NDArray copy = down.get(vector.layer());
        if (copy == null) {
          copy = layers.get(vector.layer()).down().weight().duplicate();
          copy.attach(copies);
          down.put(vector.layer(), copy);
        }
        NDArray column = kernels.cast(scope.create(vector.values()), precision);
        copy.set(new NDIndex(":, {}", vector.neuron()), column);
      }
    }
    List<Layer> edited = new ArrayList<>(layers);
    down.forEach((l, weight) -> edited.set(l, layers.get(l).withDown(weight)));
    return new TransformerWeights(
        tokens, positions, relative, type, embeddingNorm, List.copyOf(edited), finalNorm, head);
  }

  /**
   * The map from final state to logits.
   *
   * @param transform null where the head is a single matrix
   * @param output output embedding E, (vocabulary, hidden), and the bias on the logits
   */
  record Head(Linear transform, Norm norm, Linear output) {}

  /**
   * What lies between the last state and the output embedding.
   *
   * @param finalNorm null where there is none
   * @param transform null where the head is a single matrix, like its norm
   */
  record Reading(Norm finalNorm, Linear transform, Norm transformNorm) {}

  /**
   * In float32, for predictions; copies belong to the manager.
   *
   * @return shares the arrays that have that format
   */
  Reading reading(Kernels kernels, NDManager manager) {
    Linear transform = head.map(Head::transform).orElse(null);
    return new Reading(
        finalNorm.map(norm -> wide(norm, kernels, manager)).orElse(null),
        transform == null
            ? null
            : new Linear(
                wide(transform.weight(), kernels, manager),
                wide(transform.bias(), kernels, manager)),
        transform == null ? null : wide(head.orElseThrow().norm(), kernels, manager));
  }

  private static Norm wide(Norm norm, Kernels kernels, NDManager manager) {
    return new Norm(wide(norm.gain(), kernels, manager), wide(norm.shift(), kernels, manager));
  }

  private static NDArray wide(NDArray array, Kernels kernels, NDManager manager) {
    if (array == null) {
      return null;
    }
    NDArray wide = kernels.cast(array, Precision.FLOAT32);
    if (wide != array) {
      wide.attach(manager);
    }
    return wide;
  }
}
