package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.norm.LayerNorm;
import io.github.ffncensus.model.TransformerWeights.Linear;
import io.github.ffncensus.model.TransformerWeights.Norm;

/**
 * What blocks and prediction heads are made of. Results belong to the manager of the first array.
 */
record Operations(Architecture architecture, Kernels kernels) {

  NDArray linear(NDArray x, Linear map) {
    return ai.djl.nn.core.Linear.linear(x, map.weight(), map.bias()).singletonOrThrow();
  }

  /** The family's norm over the last axis. */
  NDArray norm(NDArray x, Norm norm) {
    if (architecture.rmsNorm()) {
      return kernels.rmsNorm(x, norm.gain(), architecture.normEpsilon());
    }
    return LayerNorm.layerNorm(
            x,
            norm.gain().getShape(),
            norm.gain(),
            norm.shift(),
            (float) architecture.normEpsilon())
        .singletonOrThrow();
  }
}
