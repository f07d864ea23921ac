package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;

/**
 * Changes the memory coefficients of a forward pass on their way into the down projection: after
 * the nonlinearity, of gated FFNs after the product. What lies above sees what became of them, and
 * so do observers.
 */
@FunctionalInterface
public interface Intervention {

  /** A pass as it is. */
  Intervention NONE = (layer, coefficients) -> coefficients;

  /**
   * Called for each layer, from the first to the last.
   *
   * @param layer from 0
   * @param coefficients (batch, length, intermediate), in the model's precision; not to be written
   * @return the same shape and precision, of the same manager; the array itself where nothing
   *     changes
   */
  NDArray apply(int layer, NDArray coefficients);
}
