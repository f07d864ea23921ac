package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.Continuation.Attended;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Contexts after one clean pass, from which the rest of the model can be run again with another FFN
 * output of one layer at some positions, many times over and with gradients.
 *
 * <p>What is below the layer is never computed again, nor is anything above it that cannot change:
 * see {@link MaskedContinuation} and {@link CausalContinuation}. For one thread.
 */
public final class ResumablePass implements AutoCloseable {
  private final List<Block> blocks;
  private final Kernels kernels;
  private final Precision precision;
  private final NDManager manager;
  private final int[][] slotOfPosition;
  private final int slots;
  private final Continuation continuation;
  private final NDArray[] residuals;
  private final NDArray[] coefficients;
  private NDArray states;

  /**
   * Runs the clean pass.
   *
   * @param positions by sequence, ascending: those at which something will change or be read
   */
  ResumablePass(
      List<Block> blocks,
      Operations operations,
      TransformerWeights weights,
      Precision precision,
      NDManager parent,
      TokenBatch batch,
      int[][] positions) {
    Architecture architecture = operations.architecture();
    this.blocks = blocks;
    this.kernels = operations.kernels();
    this.precision = precision;
    this.manager = parent.newSubManager();
    this.residuals = new NDArray[blocks.size()];
    this.coefficients = new NDArray[blocks.size()];
    try (NDManager scope = manager.newSubManager()) {
      BatchInput input = new BatchInput(weights, operations, precision, manager);
      TokenGrid grid = TokenGrid.of(batch, architecture);
      if (architecture.causal()) {
        slots = Arrays.stream(positions).mapToInt(ResumablePass::span).max().orElseThrow();
        int[] starts =
            Arrays.stream(positions)
                .mapToInt(at -> Math.max(0, at[at.length - 1] + 1 - slots))
                .toArray();
        slotOfPosition = new int[positions.length][];
        Arrays.setAll(
            slotOfPosition,
            row -> Arrays.stream(positions[row]).map(at -> at - starts[row]).toArray());
        continuation = new CausalContinuation(grid, starts, slots, input, operations);
      } else {
        slots = Arrays.stream(positions).mapToInt(at -> at.length).max().orElseThrow();
        slotOfPosition = new int[positions.length][];
        Arrays.setAll(slotOfPosition, row -> IntStream.range(0, positions[row].length).toArray());
        grid = grid.withFirst(positions);
        continuation = new MaskedContinuation(grid, slots, blocks.size(), input.view(grid));
      }
      clean(input.embed(grid), scope);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static int span(int[] positions) {
    return positions[positions.length - 1] - positions[0] + 1;
  }

  private void clean(NDArray embedded, NDManager scope) {
    NDArray state = embedded;
    for (int l = 0; l < blocks.size(); l++) {
      try (NDManager blockScope = scope.newSubManager()) {
        state.attach(blockScope);
        Block block = blocks.get(l);
        NDArray x = block.attentionInput(state);
        NDArray query = block.query(x);
        NDArray key = block.key(x);
        NDArray value = block.value(x);
        if (l > 0) {
          continuation.keep(l, block, state, query, key, value, manager);
        }
        NDArray mixed = block.attend(query, key, value, continuation.cleanView());
        NDArray r = block.afterAttention(state, mixed);
        NDArray input = block.ffnInput(state, r);
        NDArray m = block.coefficients(block.up(input), block.gate(input));
        residuals[l] = kept(continuation.slots(r));
        coefficients[l] = kept(continuation.slots(m));
        state = block.output(r, block.ffnOutput(m));
        state.attach(scope);
      }
    }
    states = kept(continuation.slots(state));
  }

  /** A copy, because a view would keep what it is a view of. */
  private NDArray kept(NDArray array) {
    NDArray copy = array.duplicate();
    copy.attach(manager);
    return copy;
  }

  /**
   * Positions per context that the arrays hold. There may be more than a context asked for: then
   * the others hold positions beside those, or padding, at which nothing should be changed.
   */
  public int slots() {
    return slots;
  }

  /** Where the arrays hold each of the positions that a context asked for. */
  public int[] slotsOf(int context) {
    return slotOfPosition[context];
  }

  /**
   * m of the clean pass, (contexts, slots, intermediate), in the model's precision. Belongs to this
   * pass.
   */
  public NDArray coefficients(int layer) {
    return coefficients[layer];
  }

  /**
   * The last layer's output o of the clean pass, (contexts, slots, hidden). Belongs to this pass.
   */
  public NDArray states() {
    return states;
  }

  /**
   * The last layer's output when one layer's FFN gives something else.
   *
   * @param ffnOutputs y at the slots, (contexts, steps, slots, hidden), float32 or in the model's
   *     precision; each step of a context is a run of its own
   * @return (contexts, steps, slots, hidden); belongs to the owner. Gradients flow from it to
   *     {@code ffnOutputs} where they are recorded
   */
  public NDArray resume(int layer, NDArray ffnOutputs, NDManager owner) {
    Shape shape = ffnOutputs.getShape();
    int steps = (int) shape.get(1);
    try (NDManager scope = owner.newSubManager()) {
      NDArray residual = residuals[layer].expandDims(1);
      residual.attach(scope);
      NDArray y = kernels.cast(ffnOutputs, precision);
      if (y != ffnOutputs) {
        y.attach(scope);
      }
      NDArray state = blocks.get(layer).output(residual, y).reshape(-1, slots, shape.get(3));
      for (int l = layer + 1; l < blocks.size(); l++) {
        try (NDManager blockScope = scope.newSubManager()) {
          state.attach(blockScope);
          boolean first = l == layer + 1;
          boolean last = l == blocks.size() - 1;
          state = block(l, state, steps, first, last, blockScope);
          state.attach(scope);
        }
      }
      NDArray result = state.reshape(shape);
      result.attach(owner);
      return result;
    }
  }

  private NDArray block(
      int l, NDArray state, int steps, boolean first, boolean last, NDManager scope) {
    Block block = blocks.get(l);
    Attended attended = continuation.attention(l, block, state, steps, first, last, scope);
    NDArray x = block.ffnInput(attended.state(), attended.residual());
    NDArray m = block.coefficients(block.up(x), block.gate(x));
    return block.output(attended.residual(), block.ffnOutput(m));
  }

  @Override
  public void close() {
    manager.close();
  }
}
