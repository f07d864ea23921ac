package io.github.ffncensus.interpret.memories;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.interpret.memories.LastLayerRows.Rows;
import io.github.ffncensus.model.DeviceMemory;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.ObjLongConsumer;
import java.util.stream.LongStream;

/**
 * Reads the memories of the last layer at sampled positions: the per-dimension analysis of Geva et
 * al. 2021 (its code's mode {@code dim}) with the leave-one-memory-out distributions that the code
 * computes and drops.
 *
 * <p>The code projects 4,096 scaled values to the vocabulary for every sentence. Here each value is
 * projected once for all positions, because a coefficient only scales its logits. For one thread.
 */
public final class MemoryReadings {
  /**
   * Sequences to read together: enough to share a pass over the values, few enough that their ranks
   * fit into memory, which are neurons x positions x 8 bytes at most.
   */
  public static final int SEQUENCES = 512;

  /** What a reading consists of, for whoever measures it. */
  public enum Part {
    /** The forward pass over the sequences. */
    FORWARD,
    /** What o, r and y predict. */
    PREDICTIONS,
    /** What all values of the layer predict, and their ranks of the outputs. */
    VALUES,
    /** How few memories predict what the FFN predicts. */
    FEWEST,
    /** Predictions without one of the strongest memories each. */
    REMOVALS
  }

  private final Transformer model;
  private final PositionSample sample;
  private final int strongest;
  private final int batchTokens;
  private final int layer;
  private final LongConsumer tokensDone;
  private final ObjLongConsumer<Part> times;

  /**
   * @param strongest memories of each position that are reported and removed
   * @param batchTokens most tokens of a batch, padding included
   * @param tokensDone told the tokens of each finished batch, without padding
   * @param times told how many nanoseconds each part took
   * @throws CensusException of kind INPUT if the checkpoint has no prediction head
   */
  public MemoryReadings(
      Transformer model,
      PositionSample sample,
      int strongest,
      int batchTokens,
      LongConsumer tokensDone,
      ObjLongConsumer<Part> times) {
    model.requireHead("its memories predict nothing");
    this.model = model;
    this.sample = sample;
    this.strongest = Math.min(strongest, model.architecture().intermediate());
    this.batchTokens = batchTokens;
    this.layer = model.architecture().layers() - 1;
    this.tokensDone = tokensDone;
    this.times = times;
  }

  /**
   * Reads the sampled positions of some sequences, all in memory together; sequences that do not
   * fit the device are read in halves.
   *
   * @return by sequence and position
   */
  public List<MemoryPosition> read(List<TokenSequence> sequences) {
    TorchEngine.prepareThread();
    try {
      return readTogether(sequences);
    } catch (EngineException e) {
      if (sequences.size() == 1 || !DeviceMemory.isExhausted(e)) {
        throw e;
      }
      int half = sequences.size() / 2;
      List<MemoryPosition> positions = new ArrayList<>(read(sequences.subList(0, half)));
      positions.addAll(read(sequences.subList(half, sequences.size())));
      return sorted(positions);
    }
  }

  private static List<MemoryPosition> sorted(List<MemoryPosition> positions) {
    return positions.stream()
        .sorted(
            Comparator.comparingLong(MemoryPosition::sequenceId)
                .thenComparingInt(MemoryPosition::position))
        .toList();
  }

  private List<MemoryPosition> readTogether(List<TokenSequence> sequences) {
    try (NDManager manager = model.newScope();
        MemoryScript script = new MemoryScript(manager);
        LastLayerRows kept = new LastLayerRows(manager, script, sample, layer)) {
      long start = System.nanoTime();
      new ShardScan(model::observe, List.of(kept), tokensDone)
          .run(BatchPlan.of(sequences, batchTokens));
      start = took(Part.FORWARD, start);
      if (kept.isEmpty()) {
        return List.of();
      }
      Rows rows = kept.rows();
      PositionPredictions predictions = PositionPredictions.of(model, script, layer, rows, manager);
      start = took(Part.PREDICTIONS, start);
      LayerValues values = new LayerValues(model, script, layer);
      Strongest memories = Strongest.of(script, manager, rows, values, strongest);
      Pairs pairs = memories.pairs(predictions);
      long[] targets = targets(predictions);
      LayerValues.Reading reading = values.read(manager, targets, pairs);
      NDList ranks =
          script.ofPositions(
              manager,
              reading.larger(),
              reading.smaller(),
              manager.create(indices(predictions.output, targets)),
              manager.create(indices(predictions.ffn, targets)),
              rows.coefficients(),
              memories.valueLengths(),
              memories.chosen());
      start = took(Part.VALUES, start);
      int[] fewest = fewest(rows, memories, predictions);
      start = took(Part.FEWEST, start);
      NDArray sums = rows.residuals().add(rows.outputs());
      Removals.Result without =
          new Removals(model, script, layer).predictions(manager, sums, pairs);
      took(Part.REMOVALS, start);
      return sorted(
          new MemoryPositions(
                  layer, rows.places(), predictions, memories, reading, ranks, fewest, without)
              .all());
    }
  }

  private int[] fewest(Rows rows, Strongest memories, PositionPredictions predictions) {
    try (FewestMemories search = new FewestMemories(model, layer)) {
      return search.of(rows.coefficients(), memories.valueLengths(), predictions.ffn);
    }
  }

  private long took(Part part, long start) {
    long now = System.nanoTime();
    times.accept(part, now - start);
    return now;
  }

  /** Tokens whose ranks are wanted in every value, ascending. */
  private static long[] targets(PositionPredictions predictions) {
    return LongStream.concat(Arrays.stream(predictions.output), Arrays.stream(predictions.ffn))
        .sorted()
        .distinct()
        .toArray();
  }

  private static long[] indices(long[] tokens, long[] targets) {
    return Arrays.stream(tokens).map(token -> Arrays.binarySearch(targets, token)).toArray();
  }
}
