package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import io.github.ffncensus.model.AttentionView.Rotation;
import io.github.ffncensus.model.Kernels.AttentionScope;
import java.util.Arrays;
import java.util.stream.IntStream;

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
    return Embedding.embedding(ids(ids, shape), table, SparseFormat.DENSE).singletonOrThrow();
  }

  /** All tokens as queries and as keys. Those of a causal model stand in their order. */
  AttentionView view(TokenGrid grid) {
    // Padding stands on the right, where a causal model's real tokens never look.
    boolean masked = !architecture.causal() && grid.padded();
    AttentionScope attention =
        architecture.causal()
            ? AttentionScope.CAUSAL
            : masked ? AttentionScope.MASKED : AttentionScope.ALL;
    Rotation rotation =
        grid.inOrder()
            ? rotation(IntStream.range(0, grid.length()).toArray(), 1)
            : rotation(grid.positions(), grid.size());
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

  /**
   * Rotary positions, or null if the model has none.
   *
   * @param positions row-major (rows, tokens)
   */
  Rotation rotation(int[] positions, int rows) {
    if (architecture.rotary().isEmpty()) {
      return null;
    }
    RotaryFrequencies frequencies = architecture.rotary().get();
    Shape shape = new Shape(rows, 1, positions.length / rows, architecture.headSize());
    return new Rotation(
        floats(frequencies.table(positions, true), shape),
        floats(frequencies.table(positions, false), shape));
  }

  NDArray ids(long[] values, Shape shape) {
    return scope.create(values, shape);
  }

  /**
   * In the model's precision, and in memory of the engine's own: the engine's array of given
   * numbers lies in memory of the Java side, which is free for others once the scope is closed; a
   * backward pass may come later.
   */
  NDArray floats(float[] values, Shape shape) {
    return operations.kernels().cast(scope.create(values, shape).duplicate(), precision);
  }
}
