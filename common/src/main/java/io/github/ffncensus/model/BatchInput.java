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
    if (architecture.embeddingScale() != 1) {
      h = h.mul(architecture.embeddingScale());
    }
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
    NDArray mask = architecture.causal() ? null : mask(grid);
    AttentionScope attention =
        architecture.causal()
            ? AttentionScope.CAUSAL
            : mask == null ? AttentionScope.ALL : AttentionScope.MASKED;
    Rotation rotation =
        grid.inOrder()
            ? rotation(IntStream.range(0, grid.length()).toArray(), 1)
            : rotation(grid.positions(), grid.size());
    return new AttentionView(attention, mask, rotation, rotation);
  }

  /** What is added to attention scores: a mask of padding and biases by distance; or null. */
  private NDArray mask(TokenGrid grid) {
    NDArray mask = grid.padded() ? mask(grid.lengths(), grid.length()) : null;
    if (weights.relative().isEmpty()) {
      return mask;
    }
    NDArray biases = relativeBiases(grid, weights.relative().get());
    return mask == null ? biases : biases.add(mask);
  }

  /** (1 or size, heads, queries, keys). */
  private NDArray relativeBiases(TokenGrid grid, NDArray table) {
    int length = grid.length();
    int[] positions = grid.inOrder() ? IntStream.range(0, length).toArray() : grid.positions();
    long[] buckets = architecture.relative().orElseThrow().table(positions, length);
    Shape shape = new Shape(positions.length / length, length, length);
    return lookUp(buckets, shape, table).transpose(0, 3, 1, 2);
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
    Shape shape = new Shape(rows, 1, positions.length / rows, frequencies.width());
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
