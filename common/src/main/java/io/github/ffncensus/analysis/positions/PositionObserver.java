package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.analysis.DeviceRows;
import io.github.ffncensus.analysis.positions.MemoryVotes.Votes;
import io.github.ffncensus.analysis.positions.TokenSimilarity.Similarities;
import io.github.ffncensus.analysis.positions.VocabularySweep.Predictions;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Watches the sampled positions of a shard. Each layer is read at once; what depends on the model's
 * own prediction waits for the last layer, with the residual kept until then.
 */
final class PositionObserver implements DeviceObserver {
  /** Bounds the logits of a part of the vocabulary. */
  private static final int CHUNK_ROWS = 256;

  private final NDManager manager;
  private final Transformer model;
  private final Lens lens;
  private final PositionSample sample;
  private final TokenTraits traits;
  private final PositionSink sink;
  private final VocabularySweep sweep;
  private final MemoryVotes memories;
  private final TokenSimilarity similarity;
  private final LayerCounts[] layers;

  /** Positions whose last layer is still to come, with a reading per layer so far. */
  private final Map<Place, Reading[]> waiting = new HashMap<>();

  private record Place(long sequenceId, int position) {}

  /** One layer at one position: row {@code row} of what was read together. */
  private record Reading(Predictions predictions, Votes votes, Change[] changes, int row) {

    boolean predicts(long token) {
      return predictions.residual()[row] == token;
    }
  }

  /**
   * @param vocabularyPart tokens whose logits are computed together
   */
  PositionObserver(
      Transformer model,
      PositionSample sample,
      Lens lens,
      TokenTraits traits,
      PositionSink sink,
      CentredEmbedding embedding,
      int vocabularyPart) {
    this.model = model;
    this.lens = lens;
    this.sample = sample;
    this.traits = traits;
    this.sink = sink;
    List<ValueTops.Layer> values = ValueTops.of(model);
    manager = model.newScope();
    sweep = new VocabularySweep(manager, model, lens, embedding, vocabularyPart);
    memories = new MemoryVotes(manager, values);
    similarity = new TokenSimilarity(manager, model);
    layers = new LayerCounts[model.architecture().layers()];
    Arrays.setAll(layers, l -> new LayerCounts(model.architecture().intermediate()));
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS, Tap.FFN_OUTPUT, Tap.RESIDUAL_BEFORE, Tap.RESIDUAL_AFTER);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    int length = batch.length();
    List<Place> places = new ArrayList<>();
    List<Long> rows = new ArrayList<>();
    for (int s = 0; s < batch.size(); s++) {
      TokenSequence sequence = batch.sequences().get(s);
      for (int position : sample.of(sequence)) {
        places.add(new Place(sequence.id(), position));
        rows.add((long) s * length + position);
      }
    }
    long[] all = rows.stream().mapToLong(Long::longValue).toArray();
    List<Reading> readings = new ArrayList<>();
    DeviceRows.forEach(all, CHUNK_ROWS, chunk -> readings.addAll(read(layer, chunk)));
    if (layer.layer() == layers.length - 1) {
      finish(layer, batch, places, all, readings);
    } else {
      for (int i = 0; i < all.length; i++) {
        waiting.computeIfAbsent(places.get(i), place -> new Reading[layers.length])[layer.layer()] =
            readings.get(i);
      }
    }
  }

  private List<Reading> read(LayerActivations layer, long[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray indices = scope.create(rows);
      NDArray r = sweep.select(scope, layer.residualBefore(), indices);
      NDArray y = sweep.select(scope, layer.ffnOutput(), indices);
      Predictions predictions =
          sweep.predictions(scope, r, y, sweep.select(scope, layer.residualAfter(), indices));
      Votes votes =
          memories.votes(
              scope,
              layer.layer(),
              sweep.select(scope, layer.coefficients(), indices),
              predictions.ffnValue(),
              sweep.norms(scope, y),
              predictions.layer());
      boolean last = layer.layer() == layers.length - 1;
      Change[] changes = changes(scope, predictions, r, y, last);
      List<Reading> readings = new ArrayList<>();
      for (int row = 0; row < rows.length; row++) {
        readings.add(new Reading(predictions, votes, changes, row));
      }
      return readings;
    }
  }

  /**
   * The rows with top(o) other than top(r), others null. Ranks take passes over the vocabulary of
   * their own, so only the last layer has them.
   */
  private Change[] changes(
      NDManager scope, Predictions predictions, NDArray r, NDArray y, boolean last) {
    int rows = predictions.residual().length;
    int[] changed =
        IntStream.range(0, rows)
            .filter(row -> predictions.residual()[row] != predictions.layer()[row])
            .toArray();
    Change[] changes = new Change[rows];
    if (changed.length == 0) {
      return changes;
    }
    long[] before = at(predictions.residual(), changed);
    long[] after = at(predictions.layer(), changed);
    Similarities similarities = similarity.of(scope, before, after);
    int[] afterInR = null;
    int[] beforeInY = null;
    if (last) {
      NDArray indices = scope.create(Arrays.stream(changed).asLongStream().toArray());
      afterInR = sweep.ranks(scope, sweep.rows(scope, r, indices), sweep.lens(), after);
      beforeInY = sweep.ranks(scope, sweep.rows(scope, y, indices), sweep.valuesLens(), before);
    }
    for (int i = 0; i < changed.length; i++) {
      boolean sharedStem = traits.shareStem(before[i], after[i]);
      changes[changed[i]] =
          new Change(
              similarities.cosines()[i],
              sharedStem,
              sharedStem || similarities.near()[i],
              last ? afterInR[i] : null,
              last ? beforeInY[i] : null);
    }
    return changes;
  }

  private static long[] at(long[] values, int[] indices) {
    return Arrays.stream(indices).mapToLong(i -> values[i]).toArray();
  }

  /** Nothing is counted before everything is known. */
  private void finish(
      LayerActivations layer,
      TokenBatch batch,
      List<Place> places,
      long[] rows,
      List<Reading> lastReadings) {
    long[] outputs = outputTokens(layer, rows, lastReadings);
    List<Reading[]> all = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      Reading[] earlier = waiting.get(places.get(i));
      Reading[] readings = earlier == null ? new Reading[layers.length] : earlier.clone();
      readings[layer.layer()] = lastReadings.get(i);
      all.add(readings);
    }
    double[][] probabilities = new double[layers.length][];
    for (int l = 0; l < layers.length; l++) {
      probabilities[l] = outputProbabilities(all, l, outputs);
    }
    Map<Long, TokenSequence> sequences = new HashMap<>();
    batch.sequences().forEach(sequence -> sequences.put(sequence.id(), sequence));
    for (int i = 0; i < rows.length; i++) {
      Place place = places.get(i);
      TokenSequence sequence = sequences.get(place.sequenceId());
      int settling = settlingLayer(all.get(i), outputs[i]);
      for (int l = 0; l < layers.length; l++) {
        SampledPosition position =
            position(sequence, place, l, all.get(i)[l], outputs[i], probabilities[l][i], settling);
        layers[l].add(position);
        sink.accept(position);
      }
      waiting.remove(place);
    }
  }

  /** Through the model's own head, whatever the lens. */
  private long[] outputTokens(LayerActivations layer, long[] rows, List<Reading> lastReadings) {
    if (lens == Lens.HEAD) {
      return lastReadings.stream()
          .mapToLong(reading -> reading.predictions().layer()[reading.row()])
          .toArray();
    }
    List<Long> tokens = new ArrayList<>();
    DeviceRows.forEach(
        rows,
        CHUNK_ROWS,
        chunk -> {
          try (NDManager scope = manager.newSubManager()) {
            NDArray states = sweep.select(scope, layer.residualAfter(), scope.create(chunk));
            long[] top = sweep.extremes(scope, states, Lens.HEAD).top();
            Arrays.stream(top).forEach(tokens::add);
          }
        });
    return tokens.stream().mapToLong(Long::longValue).toArray();
  }

  private double[] outputProbabilities(List<Reading[]> readings, int layer, long[] outputs) {
    int hidden = model.architecture().hidden();
    double[] probabilities = new double[outputs.length];
    long[] rows = new long[outputs.length];
    Arrays.setAll(rows, i -> i);
    DeviceRows.forEach(
        rows,
        CHUNK_ROWS,
        chunk -> {
          float[] residuals = new float[chunk.length * hidden];
          long[] tokens = new long[chunk.length];
          for (int i = 0; i < chunk.length; i++) {
            Reading reading = readings.get((int) chunk[i])[layer];
            float[] from = reading.predictions().lensResidual();
            System.arraycopy(from, reading.row() * hidden, residuals, i * hidden, hidden);
            tokens[i] = outputs[(int) chunk[i]];
          }
          try (NDManager scope = manager.newSubManager()) {
            NDArray states = scope.create(residuals, new Shape(chunk.length, hidden));
            float[] logits = model.logitsOf(states, lens, tokens).toFloatArray();
            for (int i = 0; i < chunk.length; i++) {
              Reading reading = readings.get((int) chunk[i])[layer];
              double logTotal = reading.predictions().logTotal()[reading.row()];
              // Rounding may lift a certain prediction above 1.
              probabilities[(int) chunk[i]] = Math.min(1, Math.exp(logits[i] - logTotal));
            }
          }
        });
    return probabilities;
  }

  private static int settlingLayer(Reading[] readings, long output) {
    int settling = readings.length;
    while (settling > 0 && readings[settling - 1].predicts(output)) {
      settling--;
    }
    return settling;
  }

  private SampledPosition position(
      TokenSequence sequence,
      Place place,
      int layer,
      Reading reading,
      long output,
      double probability,
      int settling) {
    int prefixTokens = 0;
    for (int position = 0; position <= place.position(); position++) {
      prefixTokens += sequence.special()[position] ? 0 : 1;
    }
    int row = reading.row();
    Predictions predictions = reading.predictions();
    double inFfn = predictions.veto()[row];
    return new SampledPosition(
        place.sequenceId(),
        place.position(),
        layer,
        sequence.tokens()[place.position()],
        prefixTokens,
        (int) output,
        (int) predictions.residual()[row],
        (int) predictions.ffn()[row],
        (int) predictions.layer()[row],
        (int) predictions.ffnValue()[row],
        probability,
        settling,
        Double.isFinite(inFfn) ? inFfn : null,
        traits.stopWords().get((int) predictions.ffnValue()[row]),
        reading.changes()[row],
        reading.votes().row(row));
  }

  @Override
  public void finish(PartialSink partials) {
    for (int l = 0; l < layers.length; l++) {
      partials.put(l, 0, layers[l].pack());
    }
  }

  @Override
  public void close() {
    similarity.close();
    memories.close();
    sweep.close();
    manager.close();
  }
}
