package io.github.ffncensus.knowledge;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads what a model predicts at the positions of answers. The head is evaluated there only, and
 * three numbers of each position travel to the host.
 */
public final class AnswerReader implements DeviceObserver {
  /** Of the logits that are there at once. */
  private static final long LOGIT_BYTES = 128L << 20;

  private final Transformer model;
  private final NDManager manager;
  private final AnswerScores scores;
  private final int lastLayer;
  private final int positionsAtOnce;

  /** The key is the object: several readings may be of the same tokens. */
  private final Map<TokenSequence, Reading> wanted = new IdentityHashMap<>();

  /**
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public AnswerReader(Transformer model) {
    model.requireHead("it answers no prompt");
    this.model = model;
    this.manager = model.newScope();
    this.scores = new AnswerScores(manager);
    this.lastLayer = model.architecture().layers() - 1;
    this.positionsAtOnce =
        (int) Math.max(1, LOGIT_BYTES / Float.BYTES / model.architecture().vocabulary());
  }

  /** What one context says; it has its numbers after its sequence was run. */
  public static final class Reading {
    private final AnswerContext context;
    private final double[] logProbabilities;
    private final int[] ranks;
    private final int[] predicted;

    private Reading(AnswerContext context) {
      int answers = context.positions().length;
      this.context = context;
      this.logProbabilities = new double[answers];
      this.ranks = new int[answers];
      this.predicted = new int[answers];
    }
  }

  /**
   * Says what to read, before it is run.
   *
   * @param sequence the tokens of the context
   */
  public Reading add(TokenSequence sequence, AnswerContext context) {
    Reading reading = new Reading(context);
    wanted.put(sequence, reading);
    return reading;
  }

  /** What the contexts of a prompt, in their order, say together. */
  public static AnswerReading combine(List<Reading> contexts) {
    double sum = 0;
    int rank = 0;
    List<Integer> predicted = new ArrayList<>();
    for (Reading context : contexts) {
      for (int j = 0; j < context.ranks.length; j++) {
        sum += context.logProbabilities[j];
        rank = Math.max(rank, context.ranks[j]);
        predicted.add(context.predicted[j]);
      }
    }
    return new AnswerReading(
        sum / predicted.size(), rank, predicted.stream().mapToInt(Integer::intValue).toArray());
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.RESIDUAL_AFTER);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    if (layer.layer() != lastLayer) {
      return;
    }
    List<Place> places = places(batch);
    NDArray states = layer.residualAfter();
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = states.reshape(-1, model.architecture().hidden());
      rows.attach(scope);
      for (int from = 0; from < places.size(); from += positionsAtOnce) {
        read(places.subList(from, Math.min(places.size(), from + positionsAtOnce)), rows);
      }
    }
  }

  /**
   * @param row of the flattened batch
   * @param j which of the reading's answers
   */
  private record Place(long row, Reading reading, int j) {}

  private List<Place> places(TokenBatch batch) {
    List<Place> places = new ArrayList<>();
    for (int row = 0; row < batch.size(); row++) {
      Reading reading = wanted.get(batch.sequences().get(row));
      for (int j = 0; j < reading.ranks.length; j++) {
        places.add(
            new Place((long) row * batch.length() + reading.context.positions()[j], reading, j));
      }
    }
    return places;
  }

  /**
   * @param states (batch * length, hidden)
   */
  private void read(List<Place> places, NDArray states) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = scope.create(places.stream().mapToLong(Place::row).toArray());
      NDArray at = Embedding.embedding(rows, states, SparseFormat.DENSE).singletonOrThrow();
      at.attach(scope);
      long[] answers =
          places.stream().mapToLong(place -> place.reading.context.answers()[place.j]).toArray();
      AnswerScores.Scores read = scores.read(model.logits(at), answers);
      for (int i = 0; i < places.size(); i++) {
        Place place = places.get(i);
        place.reading.logProbabilities[place.j] = read.logProbabilities()[i];
        place.reading.ranks[place.j] = read.ranks()[i];
        place.reading.predicted[place.j] = read.predicted()[i];
      }
    }
  }

  @Override
  public void finish(PartialSink partials) {
    // Everything is in the readings already.
  }

  @Override
  public void close() {
    scores.close();
    manager.close();
  }
}
