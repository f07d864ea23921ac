package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
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
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Watches the sampled positions of a shard. Layers are read some at a time, since a pass over the
 * vocabulary costs little more for many rows than for few; what depends on the model's own
 * prediction waits for the last layer, with the residual kept until then.
 */
final class PositionObserver implements DeviceObserver {
  /** Read together; bounds the logits of a part of the vocabulary, and what waits to be read. */
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

  /** Rows of the batch under way that are still to be read. */
  private final List<Selected> unread = new ArrayList<>();

  /** Owns the arrays of {@link #unread}. */
  private NDManager selection;

  /** Positions of the batch under way, with a reading per layer so far. */
  private final Map<Place, Reading[]> waiting = new HashMap<>();

  private record Place(long sequenceId, int position) {}

  /** Sampled rows of a layer, each (places, width). */
  private record Selected(
      int layer, List<Place> places, NDArray r, NDArray y, NDArray o, NDArray coefficients) {}

  /**
   * One layer at one position: row {@code row} of what was predicted together.
   *
   * @param change null where top(o) is top(r)
   */
  private record Reading(Predictions predictions, MemoryCounts memories, Change change, int row) {

    boolean predicts(long token) {
      return predictions.residual()[row] == token;
    }
  }

  PositionObserver(
      Transformer model,
      PositionSample sample,
      Lens lens,
      TokenTraits traits,
      PositionSink sink,
      CentredEmbedding embedding) {
    this.model = model;
    this.lens = lens;
    this.sample = sample;
    this.traits = traits;
    this.sink = sink;
    List<ValueTops.Layer> values = ValueTops.of(model);
    manager = model.newScope();
    selection = manager.newSubManager();
    sweep = new VocabularySweep(manager, model, lens, embedding);
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
    if (layer.layer() == 0) {
      // A batch may have been given up.
      drop();
    }
    for (int from = 0; from < all.length; from += CHUNK_ROWS) {
      int to = Math.min(all.length, from + CHUNK_ROWS);
      if (unreadRows() + to - from > CHUNK_ROWS) {
        read();
      }
      select(layer, places.subList(from, to), Arrays.copyOfRange(all, from, to));
    }
    if (layer.layer() == layers.length - 1) {
      read();
      finish(layer, batch, places, all);
    }
  }

  private int unreadRows() {
    return unread.stream().mapToInt(selected -> selected.places().size()).sum();
  }

  private void drop() {
    unread.clear();
    selection.close();
    selection = manager.newSubManager();
  }

  private void select(LayerActivations layer, List<Place> places, long[] rows) {
    NDArray indices = selection.create(rows);
    unread.add(
        new Selected(
            layer.layer(),
            places,
            sweep.select(selection, layer.residualBefore(), indices),
            sweep.select(selection, layer.ffnOutput(), indices),
            sweep.select(selection, layer.residualAfter(), indices),
            sweep.select(selection, layer.coefficients(), indices)));
  }

  /** Reads all that is unread. */
  private void read() {
    long[] rows = new long[unreadRows()];
    Arrays.setAll(rows, row -> row);
    if (rows.length > 0) {
      NDArray r = joined(Selected::r);
      NDArray y = joined(Selected::y);
      NDArray o = joined(Selected::o);
      DeviceRows.forEach(rows, CHUNK_ROWS, chunk -> read(r, y, o, chunk));
    }
    drop();
  }

  private NDArray joined(Function<Selected, NDArray> array) {
    NDList ofLayers = new NDList();
    unread.forEach(selected -> ofLayers.add(array.apply(selected)));
    return NDArrays.concat(ofLayers, 0);
  }

  /**
   * @param rows numbers of consecutive rows
   */
  private void read(NDArray allR, NDArray allY, NDArray allO, long[] rows) {
    try (NDManager scope = selection.newSubManager()) {
      NDArray indices = scope.create(rows);
      NDArray r = sweep.rows(scope, allR, indices);
      NDArray y = sweep.rows(scope, allY, indices);
      Predictions predictions = sweep.predictions(scope, r, y, sweep.rows(scope, allO, indices));
      float[] lengths = sweep.norms(scope, y);
      List<Segment> segments = segments((int) rows[0], rows.length);
      Change[] changes = changes(scope, predictions, r, y, segments);
      for (Segment segment : segments) {
        Selected selected = segment.selected();
        int from = segment.from();
        int to = segment.to();
        long[] ofSelected = new long[to - from];
        Arrays.setAll(ofSelected, i -> (long) segment.first() + i);
        Votes votes =
            memories.votes(
                scope,
                selected.layer(),
                sweep.rows(scope, selected.coefficients(), scope.create(ofSelected)),
                Arrays.copyOfRange(predictions.ffnValue(), from, to),
                Arrays.copyOfRange(lengths, from, to),
                Arrays.copyOfRange(predictions.layer(), from, to));
        for (int row = from; row < to; row++) {
          Place place = selected.places().get(segment.first() + row - from);
          waiting.computeIfAbsent(place, key -> new Reading[layers.length])[selected.layer()] =
              new Reading(predictions, votes.row(row - from), changes[row], row);
        }
      }
    }
  }

  /**
   * Rows of one layer among rows that are read together.
   *
   * @param first of them in {@code selected}
   * @param from of them among the rows that are read together
   * @param to exclusive
   */
  private record Segment(Selected selected, int first, int from, int to) {}

  private List<Segment> segments(int firstRow, int rows) {
    List<Segment> segments = new ArrayList<>();
    int start = -firstRow;
    for (Selected selected : unread) {
      int end = start + selected.places().size();
      int from = Math.max(start, 0);
      int to = Math.min(end, rows);
      if (from < to) {
        segments.add(new Segment(selected, from - start, from, to));
      }
      start = end;
    }
    return segments;
  }

  /**
   * The rows with top(o) other than top(r), others null. Ranks take passes over the vocabulary of
   * their own, so only the last layer has them.
   */
  private Change[] changes(
      NDManager scope, Predictions predictions, NDArray r, NDArray y, List<Segment> segments) {
    Change[] changes = new Change[predictions.residual().length];
    for (Segment segment : segments) {
      int[] changed =
          IntStream.range(segment.from(), segment.to())
              .filter(row -> predictions.residual()[row] != predictions.layer()[row])
              .toArray();
      if (changed.length > 0) {
        boolean ranked = segment.selected().layer() == layers.length - 1;
        changes(scope, predictions, r, y, changed, ranked, changes);
      }
    }
    return changes;
  }

  private void changes(
      NDManager scope,
      Predictions predictions,
      NDArray r,
      NDArray y,
      int[] changed,
      boolean ranked,
      Change[] changes) {
    long[] before = at(predictions.residual(), changed);
    long[] after = at(predictions.layer(), changed);
    Similarities similarities = similarity.of(scope, before, after);
    int[] afterInR = null;
    int[] beforeInY = null;
    if (ranked) {
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
              ranked ? afterInR[i] : null,
              ranked ? beforeInY[i] : null);
    }
  }

  private static long[] at(long[] values, int[] indices) {
    return Arrays.stream(indices).mapToLong(i -> values[i]).toArray();
  }

  /** Nothing is counted before everything is known. */
  private void finish(LayerActivations layer, TokenBatch batch, List<Place> places, long[] rows) {
    List<Reading[]> all = places.stream().map(waiting::get).toList();
    long[] outputs = outputTokens(layer, rows, all);
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
  private long[] outputTokens(LayerActivations layer, long[] rows, List<Reading[]> readings) {
    if (lens == Lens.HEAD) {
      return readings.stream()
          .map(ofLayers -> ofLayers[layer.layer()])
          .mapToLong(last -> last.predictions().layer()[last.row()])
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
        reading.change(),
        reading.memories());
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
