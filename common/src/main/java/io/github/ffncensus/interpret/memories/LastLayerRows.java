package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Keeps the last layer's activations at the sampled positions, on the device. */
final class LastLayerRows implements DeviceObserver {
  private final NDManager manager;
  private final MemoryScript script;
  private final PositionSample sample;
  private final int layer;
  private final List<Place> places = new ArrayList<>();
  private final NDList coefficients = new NDList();
  private final NDList residuals = new NDList();
  private final NDList outputs = new NDList();

  /** Where a row comes from. */
  record Place(long sequenceId, int position, int tokenId) {}

  /**
   * Rows of all positions, in the order of {@code places}.
   *
   * @param coefficients m, float32 (positions, neurons)
   * @param residuals r, float32 (positions, hidden)
   * @param outputs y, float32 (positions, hidden)
   */
  record Rows(List<Place> places, NDArray coefficients, NDArray residuals, NDArray outputs) {}

  /**
   * @param manager to whom the rows belong
   * @param layer the last
   */
  LastLayerRows(NDManager manager, MemoryScript script, PositionSample sample, int layer) {
    this.manager = manager;
    this.script = script;
    this.sample = sample;
    this.layer = layer;
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS, Tap.RESIDUAL_BEFORE, Tap.FFN_OUTPUT);
  }

  @Override
  public void layer(LayerActivations activations, TokenBatch batch) {
    if (activations.layer() != layer) {
      return;
    }
    List<Place> ofBatch = new ArrayList<>();
    List<Long> rows = new ArrayList<>();
    for (int s = 0; s < batch.size(); s++) {
      TokenSequence sequence = batch.sequences().get(s);
      for (int position : sample.of(sequence)) {
        ofBatch.add(new Place(sequence.id(), position, sequence.tokens()[position]));
        rows.add((long) s * batch.length() + position);
      }
    }
    if (rows.isEmpty()) {
      return;
    }
    try (NDManager scope = manager.newSubManager()) {
      NDArray index = scope.create(rows.stream().mapToLong(Long::longValue).toArray());
      NDArray m = script.rows(scope, activations.coefficients(), index);
      NDArray r = script.rows(scope, activations.residualBefore(), index);
      NDArray y = script.rows(scope, activations.ffnOutput(), index);
      for (NDArray kept : List.of(m, r, y)) {
        kept.attach(manager);
      }
      places.addAll(ofBatch);
      coefficients.add(m);
      residuals.add(r);
      outputs.add(y);
    }
  }

  /** What was kept, once; at least one position must have been. */
  Rows rows() {
    return new Rows(places, joined(coefficients), joined(residuals), joined(outputs));
  }

  private static NDArray joined(NDList parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    NDArray whole = NDArrays.concat(parts);
    parts.close();
    return whole;
  }

  boolean isEmpty() {
    return places.isEmpty();
  }

  @Override
  public void finish(PartialSink partials) {
    // Everything is in the rows already.
  }
}
