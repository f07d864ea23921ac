package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.SequenceSample;
import io.github.ffncensus.interpret.memories.MemoryReadings;
import io.github.ffncensus.jobs.config.CensusConfig.Memories;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Tables {@code memory_positions} and {@code memory_ablations}: the last layer at sampled
 * positions, and the model without one of its memories.
 */
final class MemoryTables {
  static final String POSITIONS = "memory_positions";
  static final String ABLATIONS = "memory_ablations";

  private MemoryTables() {}

  /** What a task made: a file of each table, or none. */
  record Files(ArrayList<TableFile> positions, ArrayList<TableFile> ablations)
      implements Serializable {}

  static void write(StageContext context) {
    Memories config = context.config().interpret().memories();
    List<SampledSequences> pieces =
        SampledSequences.of(
            context,
            new SequenceSample(config.sequences(), config.seed()),
            Math.max(1, MemoryReadings.SEQUENCES / config.positionsPerSequence()));
    List<Files> files =
        context.tasks(
            PartWork.of("memories", pieces, SampledSequences::number, SampledSequences::text),
            new ReadMemories(context.setup(), context.plan()),
            Files.class);
    context.made(POSITIONS, files.stream().flatMap(made -> made.positions().stream()).toList());
    context.made(ABLATIONS, files.stream().flatMap(made -> made.ablations().stream()).toList());
  }
}
