package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.model.ForwardObserver.Tap;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A forward pass over a batch, layer by layer, which observers watch and may be intervened in. */
final class ObservedPass {
  private final List<Block> blocks;
  private final Architecture architecture;
  private final Kernels kernels;
  private final TokenBatch batch;
  private final List<? extends ForwardObserver> observers;
  private final Set<Tap> taps = EnumSet.noneOf(Tap.class);
  private final Intervention intervention;

  ObservedPass(
      List<Block> blocks,
      Operations operations,
      TokenBatch batch,
      List<? extends ForwardObserver> observers,
      Intervention intervention) {
    this.blocks = blocks;
    this.architecture = operations.architecture();
    this.kernels = operations.kernels();
    this.batch = batch;
    this.observers = observers;
    this.intervention = intervention;
    observers.forEach(observer -> taps.addAll(observer.taps()));
  }

  /**
   * Runs all blocks.
   *
   * @param scope to whom the result belongs; all other arrays are freed
   * @param toTheEnd whether the last layer's output is needed, also if no observer asks for it
   * @return the last layer's output o, (batch, length, hidden), or null if nobody needs it
   */
  NDArray run(BatchInput input, NDManager scope, boolean toTheEnd) {
    TokenGrid grid = TokenGrid.of(batch, architecture);
    AttentionView view = input.view(grid);
    NDArray state = input.embed(grid);
    for (int l = 0; l < blocks.size(); l++) {
      boolean last = l == blocks.size() - 1;
      try (NDManager layerScope = scope.newSubManager()) {
        state.attach(layerScope);
        state = layer(l, state, view, !last || toTheEnd);
        if (state != null) {
          state.attach(scope);
        }
      }
    }
    return state;
  }

  /**
   * @return the layer's output o, or null if nobody needs it
   */
  private NDArray layer(int l, NDArray input, AttentionView view, boolean outputNeeded) {
    Block block = blocks.get(l);
    NDArray residual = attention(block, input, view);
    NDArray x = block.ffnInput(input, residual);
    NDArray up = block.up(x);
    NDArray gate = block.gate(x);
    NDArray coefficients = intervention.apply(l, block.coefficients(up, gate));
    NDArray y = null;
    NDArray output = null;
    if (outputNeeded || taps.contains(Tap.FFN_OUTPUT) || taps.contains(Tap.RESIDUAL_AFTER)) {
      y = block.ffnOutput(coefficients);
      output = block.output(residual, y);
    }
    boolean gateAndUp = gate != null && taps.contains(Tap.GATE_AND_UP);
    LayerActivations activations =
        new LayerActivations(
            l,
            x,
            kernels.cast(coefficients, Precision.FLOAT32),
            gateAndUp ? kernels.cast(gate, Precision.FLOAT32) : null,
            gateAndUp ? kernels.cast(up, Precision.FLOAT32) : null,
            y,
            residual,
            output);
    observers.forEach(observer -> observer.layer(activations, batch));
    return output;
  }

  /** Attention and its residual connection: r, (batch, length, hidden). */
  private static NDArray attention(Block block, NDArray input, AttentionView view) {
    NDManager owner = input.getManager();
    try (NDManager attentionArrays = owner.newSubManager()) {
      input.attach(attentionArrays);
      NDArray x = block.attentionInput(input);
      NDArray mixed = block.attend(block.query(x), block.key(x), block.value(x), view);
      NDArray residual = block.afterAttention(input, mixed);
      residual.attach(owner);
      input.attach(owner);
      return residual;
    }
  }
}
