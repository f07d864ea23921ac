package io.github.ffncensus.interpret.perturbations;

import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads triggers' coefficients again, every sequence by itself: what differs from the scan is the
 * work of batches, device and precision.
 */
public final class Rereading {
  private Rereading() {}

  /** The winners' coefficients as this model has them, in the order of the winners. */
  public static float[] coefficients(Transformer model, List<Winner> winners) {
    TorchEngine.prepareThread();
    List<CoefficientReader.Reading> readings = new ArrayList<>();
    List<TokenSequence> sequences = new ArrayList<>();
    try (CoefficientReader reader = new CoefficientReader(model)) {
      for (Winner winner : winners) {
        CoefficientReader.Reading reading =
            new CoefficientReader.Reading(winner.layer(), winner.position(), winner.neuron());
        TokenSequence own =
            new TokenSequence(
                winner.sequence().id(), winner.sequence().tokens(), winner.sequence().special());
        reader.add(own, List.of(reading));
        readings.add(reading);
        sequences.add(own);
      }
      // A budget of one token makes every sequence a batch.
      new ShardScan(model::observe, List.of(reader), tokens -> {}).run(BatchPlan.of(sequences, 1));
    }
    float[] coefficients = new float[readings.size()];
    for (int i = 0; i < coefficients.length; i++) {
      coefficients[i] = readings.get(i).value();
    }
    return coefficients;
  }
}
