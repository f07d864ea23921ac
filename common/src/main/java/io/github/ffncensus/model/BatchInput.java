package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import io.github.ffncensus.model.AttentionView.Rotation;
import io.github.ffncensus.model.Kernels.AttentionScope;
import java.util.Arrays;

/** What the blocks of a pass need to know of a batch's tokens, on the device. */
final class BatchInput {
  private final Architecture architecture;
  private final TransformerWeights weights;
  private final Operations operations;
  private final Precision precision;
  private final NDManager scope;

  /**
   * @param scope to whom all arrays belong
   */
  BatchInput(
      TransformerWeights weights, Operations operations, Precision precision, NDManager scope) {
    this.architecture = operations.architecture();
    this.weights = weights;
    this.operations = operations;
    this.precision = precision;
    this.scope = scope;
  }

  /** Token, position and type embeddings, (size, length, hidden). */
  NDArray embed(TokenGrid grid) {
    Shape shape = new Shape(grid.size(), grid.length());
    NDArray h = lookUp(grid.tokens(), shape, weights.tokens());
    if (weights.type().isPresent()) {
      h = h.add(weights.type().get());
    }
    if (weights.positions().isPresent()) {
      h = h.add(lookUp(grid.tablePositions(), shape, weights.positions().get()));
    }
    return weights.embeddingNorm().isPresent()
        ? operations.norm(h, weights.embeddingNorm().get())
        : h;
  }

  private NDArray lookUp(long[] ids, Shape shape, NDArray table) {
    NDArray indices = scope.create(ids, shape);
    return Embedding.embedding(indices, table, SparseFormat.DENSE).singletonOrThrow();
  }

  /** All tokens as queries and as keys, in the order of their sequences. */
  AttentionView view(TokenGrid grid) {
    // Padding stands on the right, where a causal model's real tokens never look.
    boolean masked = !architecture.causal() && grid.padded();
    AttentionScope attention =
        architecture.causal()
            ? AttentionScope.CAUSAL
            : masked ? AttentionScope.MASKED : AttentionScope.ALL;
    Rotation rotation = rotation(grid.length());
    NDArray mask = masked ? mask(grid.lengths(), grid.length()) : null;
    return new AttentionView(attention, mask, rotation, rotation);
  }

  /**
   * A mask of what lies beyond the first keys of each row.
   *
   * @param visible how many are seen
   * @return (rows, 1, 1, keys), 0 or -inf
   */
  NDArray mask(int[] visible, int keys) {
    float[] values = new float[visible.length * keys];
    for (int row = 0; row < visible.length; row++) {
      Arrays.fill(values, row * keys + visible[row], (row + 1) * keys, Float.NEGATIVE_INFINITY);
    }
    return floats(values, new Shape(visible.length, 1, 1, keys));
  }

  private Rotation rotation(int length) {
    if (architecture.rotary().isEmpty()) {
      return null;
    }
    RotaryFrequencies frequencies = architecture.rotary().get();
    Shape shape = new Shape(length, architecture.headSize());
    return new Rotation(
        floats(frequencies.table(length, true), shape),
        floats(frequencies.table(length, false), shape));
  }

  private NDArray floats(float[] values, Shape shape) {
    return operations.kernels().cast(scope.create(values, shape), precision);
  }
}
