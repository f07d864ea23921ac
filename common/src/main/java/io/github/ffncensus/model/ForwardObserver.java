package io.github.ffncensus.model;

import java.util.Set;

/**
 * Something that looks at every layer of a forward pass. It sees arrays on the device, one layer at
 * a time; they are freed when {@link #layer} returns, so it copies out only what it keeps.
 */
public interface ForwardObserver {

  /** The tensors of a layer that an observer may ask for. */
  enum Tap {
    /** x: input of the FFN's first matrix. */
    FFN_INPUT,
    /** m: memory coefficients, the input of the down projection. */
    COEFFICIENTS,
    /** For gated FFNs, the gate before its activation and the up projection. */
    GATE_AND_UP,
    /** y: output of the down projection, its bias included. */
    FFN_OUTPUT,
    /** r: residual stream just before the FFN, this layer's attention included. */
    RESIDUAL_BEFORE,
    /** o: output of the layer. */
    RESIDUAL_AFTER
  }

  /** What {@link #layer} will read. Anything else may be absent, and need not be computed. */
  Set<Tap> taps();

  /**
   * Called for each layer, from the first to the last.
   *
   * @param layer what was asked for
   * @param batch the tokens that went in
   */
  void layer(LayerActivations layer, TokenBatch batch);
}
