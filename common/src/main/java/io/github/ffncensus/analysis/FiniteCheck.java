package io.github.ffncensus.analysis;

import ai.djl.ndarray.NDArray;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import java.util.EnumSet;
import java.util.Set;

/** Stops a run whose coefficients are not numbers, before anything counts or ranks them. */
final class FiniteCheck implements ForwardObserver {

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    try (NDArray sum = layer.coefficients().sum()) {
      if (!Float.isFinite(sum.getFloat())) {
        throw CensusException.runFailed(
            "layer "
                + layer.layer()
                + ": coefficients that are not finite, in the batch of "
                + batch.size()
                + " sequences from "
                + batch.sequences().get(0).id()
                + "; with census.model.precision = float16 an overflow is likely: use float32 or"
                + " bfloat16");
      }
    }
  }
}
