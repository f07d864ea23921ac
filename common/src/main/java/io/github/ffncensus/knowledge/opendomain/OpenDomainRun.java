package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.analysis.UnreadableSequences;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Reads the neurons of facts in texts, many in a batch. A masked model reads a text once for each
 * place that is masked in it, a causal one once as far as the last place, whatever the number of
 * facts.
 */
public final class OpenDomainRun {
  /** Bounds on what waits in memory: planned tokens and values. */
  private static final long CHUNK_TOKENS = 1 << 20;

  private static final long CHUNK_VALUES = 1 << 22;

  private final Transformer model;
  private final ForwardPass forward;
  private final ReadingRules rules;
  private final List<FactNeurons> neurons;
  private final int batchTokens;
  private final LongConsumer tokensDone;

  /** Takes what was read. */
  @FunctionalInterface
  public interface Sink {
    /**
     * @param values coefficients of the fact's neurons, in their order
     */
    void take(long sequenceId, Reading reading, double[] values);
  }

  /**
   * A text with what is to be read in it.
   *
   * @param tokens as fed to the model, nothing masked
   */
  public record Text(long sequenceId, int[] tokens, List<Reading> readings) {}

  /**
   * @param forward of the model
   * @param neurons by fact
   * @param batchTokens most tokens of a batch, padding included
   * @param tokensDone told the tokens of each finished batch, without padding
   */
  public OpenDomainRun(
      Transformer model,
      ForwardPass forward,
      ReadingRules rules,
      List<FactNeurons> neurons,
      int batchTokens,
      LongConsumer tokensDone) {
    this.model = model;
    this.forward = forward;
    this.rules = rules;
    this.neurons = neurons;
    this.batchTokens = batchTokens;
    this.tokensDone = tokensDone;
  }

  /**
   * Reads all texts; the sink is told in the order of texts and readings.
   *
   * @param rejectable texts that the caller can do without, as {@link ShardScan#run(BatchPlan,
   *     int)} has it
   * @throws UnreadableSequences if the forward pass fails for single texts; what the sink was told
   *     is then not all
   */
  public void run(Iterator<Text> texts, int rejectable, Sink sink) {
    while (texts.hasNext()) {
      Chunk chunk = new Chunk();
      while (texts.hasNext() && !chunk.isFull()) {
        chunk.add(texts.next());
      }
      chunk.run(rejectable, sink);
    }
  }

  /** A text as the model reads it, and what is read in it. */
  private static final class Variant {
    private final long sequenceId;
    private final int[] tokens;
    private final List<FactObserver.Slot> slots = new ArrayList<>();
    private int readTo;

    Variant(long sequenceId, int[] tokens) {
      this.sequenceId = sequenceId;
      this.tokens = tokens;
    }

    void add(FactObserver.Slot slot) {
      slots.add(slot);
      readTo = Math.max(readTo, slot.lastPosition() + 1);
    }
  }

  private record Result(long sequenceId, Reading reading, FactObserver.Slot slot) {}

  /** Texts that go through the model together. */
  private final class Chunk {
    private final List<Variant> variants = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();
    private long tokens;
    private long values;

    boolean isFull() {
      return tokens >= CHUNK_TOKENS || values >= CHUNK_VALUES;
    }

    void add(Text text) {
      Map<TokenRange, Variant> ofText = new HashMap<>();
      for (Reading reading : text.readings()) {
        FactNeurons ofFact = neurons.get(reading.fact());
        FactObserver.Slot slot = new FactObserver.Slot(ofFact, positions(reading.place()));
        // A causal model reads the same text whatever the place.
        TokenRange masked = rules.isMasked() ? reading.place() : null;
        ofText.computeIfAbsent(masked, place -> variant(text, place)).add(slot);
        results.add(new Result(text.sequenceId(), reading, slot));
        values += ofFact.size();
      }
    }

    private Variant variant(Text text, TokenRange masked) {
      int[] ids = text.tokens().clone();
      if (masked != null) {
        Arrays.fill(ids, masked.from(), masked.to(), rules.maskId());
      }
      Variant variant = new Variant(text.sequenceId(), ids);
      variants.add(variant);
      tokens += ids.length;
      return variant;
    }

    void run(int rejectable, Sink sink) {
      try (FactObserver observer = new FactObserver(model)) {
        List<TokenSequence> sequences = new ArrayList<>();
        for (Variant variant : variants) {
          int[] ids =
              rules.isMasked() ? variant.tokens : Arrays.copyOf(variant.tokens, variant.readTo);
          TokenSequence sequence = TokenSequence.of(variant.sequenceId, ids);
          observer.add(sequence, variant.slots);
          sequences.add(sequence);
        }
        new ShardScan(forward, List.of(observer), tokensDone)
            .run(BatchPlan.of(sequences, batchTokens), rejectable);
      }
      for (Result result : results) {
        sink.take(result.sequenceId(), result.reading(), result.slot().values());
      }
    }
  }

  private int[] positions(TokenRange place) {
    if (!rules.isMasked()) {
      return new int[] {place.from() - 1};
    }
    int[] positions =
        new int[rules.read() == ReadingRules.MaskRead.FIRST ? 1 : place.to() - place.from()];
    Arrays.setAll(positions, i -> place.from() + i);
    return positions;
  }
}
