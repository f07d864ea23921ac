package io.github.ffncensus.interpret.perturbations;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.interpret.perturbations.Perturbation.Effect;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongConsumer;

/**
 * Reads winners' coefficients again with one token of the text removed, many in a batch.
 *
 * <p>A text goes through the model once for all winners and removals that read in it. In a causal
 * model that is once per sequence and removed token, as far as the last position that is read: what
 * comes later cannot be seen from there. So a causal model needs no run of its own for {@link
 * Removal#LAST}.
 */
public final class PerturbationRun {
  /** Bounds on what waits in memory: planned tokens and winners. */
  private static final long CHUNK_TOKENS = 1 << 20;

  private static final int CHUNK_WINNERS = 1 << 16;

  private static final int CONTROL_SALT = 2;

  private final Transformer model;
  private final ForwardPass forward;
  private final int batchTokens;
  private final long seed;
  private final LongConsumer tokensDone;

  /**
   * @param batchTokens most tokens of a batch, padding included
   * @param seed decides which inner tokens and which control neurons are drawn
   * @param tokensDone told the tokens of each finished batch, without padding
   */
  public PerturbationRun(Transformer model, int batchTokens, long seed, LongConsumer tokensDone) {
    this(model, model::observe, batchTokens, seed, tokensDone);
  }

  PerturbationRun(
      Transformer model, ForwardPass forward, int batchTokens, long seed, LongConsumer tokensDone) {
    this.model = model;
    this.forward = forward;
    this.batchTokens = batchTokens;
    this.seed = seed;
    this.tokensDone = tokensDone;
  }

  /**
   * Perturbs winners in every way, some at a time as the results are asked for.
   *
   * @param winners those of one sequence together, so that they share its runs
   * @return three outcomes for each winner, in its order
   */
  public Iterator<Perturbation> run(Iterator<Winner> winners) {
    return new Iterator<>() {
      private Iterator<Perturbation> done = Collections.emptyIterator();

      @Override
      public boolean hasNext() {
        return done.hasNext() || winners.hasNext();
      }

      @Override
      public Perturbation next() {
        if (!done.hasNext()) {
          Chunk chunk = new Chunk();
          while (winners.hasNext() && !chunk.isFull()) {
            chunk.add(winners.next());
          }
          done = chunk.run().iterator();
        }
        return done.next();
      }
    };
  }

  /** Token ids that compare by value. */
  private record Tokens(int[] ids) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Tokens tokens && Arrays.equals(ids, tokens.ids);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(ids);
    }
  }

  /** A text that goes through the model, and what is read in it. */
  private static final class Text {
    private final long sequenceId;
    private final List<CoefficientReader.Reading> readings = new ArrayList<>();
    private int readTo;

    Text(long sequenceId) {
      this.sequenceId = sequenceId;
    }

    CoefficientReader.Reading read(int layer, int position, int neuron) {
      CoefficientReader.Reading reading = new CoefficientReader.Reading(layer, position, neuron);
      readings.add(reading);
      readTo = Math.max(readTo, position + 1);
      return reading;
    }
  }

  /** What a winner reads in one text. */
  private record Pair(CoefficientReader.Reading own, CoefficientReader.Reading control) {}

  /** A removal that is defined, with its readings. */
  private record Planned(int removedPosition, Pair after) {}

  /** One winner with what it reads; removals in the order of {@link Removal}. */
  private record Task(Winner winner, int control, Pair before, List<Optional<Planned>> after) {}

  /** Winners whose texts go through the model together. */
  private final class Chunk {
    private final Map<Tokens, Text> texts = new LinkedHashMap<>();
    private final List<Task> tasks = new ArrayList<>();
    private long tokens;

    boolean isFull() {
      return tokens >= CHUNK_TOKENS || tasks.size() >= CHUNK_WINNERS;
    }

    void add(Winner winner) {
      int control = control(winner);
      Pair before = read(Shortening.none(winner), winner, control);
      List<Optional<Planned>> after = new ArrayList<>();
      for (Removal removal : Removal.values()) {
        after.add(plan(winner, removal, control));
      }
      tasks.add(new Task(winner, control, before, after));
    }

    private Optional<Planned> plan(Winner winner, Removal removal, int control) {
      OptionalInt removed = removal.position(winner, seed);
      if (removed.isEmpty()) {
        return Optional.empty();
      }
      return Shortening.of(winner, removed.getAsInt(), model.architecture().causal())
          .map(left -> new Planned(removed.getAsInt(), read(left, winner, control)));
    }

    private Pair read(Shortening left, Winner winner, int control) {
      Tokens ids = new Tokens(left.tokens());
      Text text = texts.get(ids);
      if (text == null) {
        text = new Text(winner.sequence().id());
        texts.put(ids, text);
        tokens += ids.ids().length;
      }
      return new Pair(
          text.read(winner.layer(), left.readAt(), winner.neuron()),
          text.read(winner.layer(), left.readAt(), control));
    }

    List<Perturbation> run() {
      try (CoefficientReader reader = new CoefficientReader(model)) {
        List<TokenSequence> sequences = new ArrayList<>();
        texts.forEach(
            (ids, text) -> {
              int length = model.architecture().causal() ? text.readTo : ids.ids().length;
              TokenSequence sequence =
                  TokenSequence.of(text.sequenceId, Arrays.copyOf(ids.ids(), length));
              reader.add(sequence, text.readings);
              sequences.add(sequence);
            });
        new ShardScan(forward, List.of(reader), tokensDone)
            .run(BatchPlan.of(sequences, batchTokens));
      }
      List<Perturbation> results = new ArrayList<>();
      tasks.forEach(task -> report(task, results));
      return results;
    }
  }

  private int control(Winner winner) {
    int others = model.architecture().intermediate() - 1;
    int drawn =
        SeededHash.below(
            others, seed, CONTROL_SALT, winner.layer(), winner.neuron(), winner.rank());
    return drawn < winner.neuron() ? drawn : drawn + 1;
  }

  private static void report(Task task, List<Perturbation> results) {
    for (Removal removal : Removal.values()) {
      Optional<Effect> effect =
          task.after().get(removal.ordinal()).map(planned -> effect(task, planned));
      results.add(new Perturbation(task.winner(), removal, effect));
    }
  }

  private static Effect effect(Task task, Planned planned) {
    return new Effect(
        planned.removedPosition(),
        task.winner().sequence().tokens()[planned.removedPosition()],
        task.before().own().value(),
        planned.after().own().value(),
        task.control(),
        task.before().control().value(),
        planned.after().control().value());
  }
}
