package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.SequenceSample;
import io.github.ffncensus.interpret.memories.MemoryReadings;
import io.github.ffncensus.jobs.config.CensusConfig.Memories;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tables {@code memory_positions} and {@code memory_ablations}: the last layer at sampled
 * positions, and the model without one of its memories.
 */
final class MemoryTables {
  static final String POSITIONS = "memory_positions";
  static final String ABLATIONS = "memory_ablations";

  private MemoryTables() {}

  /**
   * Sequences that are read together.
   *
   * @param number from 0
   * @param sequenceIds ascending
   */
  record Piece(int number, long[] sequenceIds) implements Serializable {}

  /** What a task made: a file of each table, or none. */
  record Files(ArrayList<TableFile> positions, ArrayList<TableFile> ablations)
      implements Serializable {}

  static void write(StageContext context) {
    Memories config = context.config().interpret().memories();
    long[] chosen =
        new SequenceSample(config.sequences(), config.seed()).of(context.plan().sequences());
    List<Piece> pieces = new ArrayList<>();
    for (int from = 0; from < chosen.length; from += MemoryReadings.SEQUENCES) {
      int to = Math.min(chosen.length, from + MemoryReadings.SEQUENCES);
      pieces.add(new Piece(pieces.size(), Arrays.copyOfRange(chosen, from, to)));
    }
    List<Files> files =
        context.tasks(
            "memories", pieces, new ReadMemories(context.setup(), context.plan()), Files.class);
    context.made(POSITIONS, files.stream().flatMap(made -> made.positions().stream()).toList());
    context.made(ABLATIONS, files.stream().flatMap(made -> made.ablations().stream()).toList());
  }
}
