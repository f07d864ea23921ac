package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDList;
import io.github.ffncensus.interpret.memories.LastLayerRows.Place;
import java.util.ArrayList;
import java.util.List;

/** Puts together what was read of each position. */
final class MemoryPositions {
  private final int layer;
  private final List<Place> places;
  private final PositionPredictions predictions;
  private final Strongest memories;
  private final LayerValues.Reading values;
  private final Removals.Result without;
  private final long[] voters;
  private final float[] medianRanks;
  private final int[] outputRanks;
  private final int[] ffnRanks;
  private final int[] fewest;

  /**
   * @param ranks as {@link MemoryScript#ofPositions} gives them
   * @param fewest as {@link FewestMemories} gives them
   */
  MemoryPositions(
      int layer,
      List<Place> places,
      PositionPredictions predictions,
      Strongest memories,
      LayerValues.Reading values,
      NDList ranks,
      int[] fewest,
      Removals.Result without) {
    this.layer = layer;
    this.places = places;
    this.predictions = predictions;
    this.memories = memories;
    this.values = values;
    this.fewest = fewest;
    this.without = without;
    this.voters = ranks.get(0).toLongArray();
    this.medianRanks = ranks.get(1).toFloatArray();
    this.outputRanks = ranks.get(2).toIntArray();
    this.ffnRanks = ranks.get(3).toIntArray();
  }

  List<MemoryPosition> all() {
    List<MemoryPosition> all = new ArrayList<>();
    for (int p = 0; p < places.size(); p++) {
      all.add(position(p));
    }
    return all;
  }

  private MemoryPosition position(int p) {
    Place place = places.get(p);
    return new MemoryPosition(
        layer,
        place.sequenceId(),
        place.position(),
        place.tokenId(),
        (int) predictions.output[p],
        Math.exp(predictions.outputLog[p]),
        Math.max(0, predictions.outputEntropy[p]),
        memories.residualLengths()[p],
        (int) memories.ahead()[p] + 1,
        (int) memories.active()[p],
        memories.totals()[p],
        (int) predictions.residual[p],
        (int) predictions.residualOutputRank[p],
        Math.exp(predictions.residualOutputLog[p]),
        (int) predictions.ffn[p],
        (int) predictions.ffnOutputRank[p],
        Math.exp(predictions.ffnOutputLog[p]),
        (int) predictions.ffnResidualRank[p],
        Math.exp(predictions.ffnResidualLog[p]),
        Float.isNaN(medianRanks[p]) ? null : (Integer) (int) medianRanks[p],
        (int) voters[p],
        fewest[p] == 0 ? null : Integer.valueOf(fewest[p]),
        memories(p));
  }

  private List<MemoryAblation> memories(int p) {
    List<MemoryAblation> rows = new ArrayList<>();
    for (int k = 0; k < memories.width(); k++) {
      int at = p * memories.width() + k;
      if (memories.contributions()[at] == 0) {
        break;
      }
      int neuron = (int) memories.neurons()[at];
      float m = memories.coefficients()[at];
      rows.add(
          new MemoryAblation(
              k + 1,
              neuron,
              m,
              memories.contributions()[at],
              (int) (m > 0 ? values.top() : values.bottom())[neuron],
              outputRanks[at],
              Math.exp(values.outputLogs()[at]),
              ffnRanks[at],
              Math.exp(values.ffnLogs()[at]),
              without.logChanges()[at],
              without.changed()[at],
              (int) without.tokens()[at]));
    }
    return rows;
  }
}
