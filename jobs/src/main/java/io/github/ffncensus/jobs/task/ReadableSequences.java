package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.analysis.UnreadableSequences;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;

/**
 * Reads a shard of the corpus with the model, without those of its sequences that the model cannot
 * read, if they are few: each attempt that meets some is given up and begun anew without them. To
 * be used in one task.
 */
public final class ReadableSequences {
  private final Staging staging;
  private final String runId;
  private final Path sequences;
  private final String table;
  private final Shard shard;
  private final int allowed;
  private final TreeMap<Long, String> rejected = new TreeMap<>();

  /** Reads the shard's sequences but those that were rejected so far. */
  @FunctionalInterface
  public interface Attempt<T> {
    T read() throws IOException;
  }

  /**
   * @param sequences folder of the run's {@code sequences}
   * @param table of the sequences that cannot be read
   * @param allowed how many that may be
   */
  public ReadableSequences(
      Staging staging, String runId, Path sequences, String table, Shard shard, int allowed) {
    this.staging = staging;
    this.runId = runId;
    this.sequences = sequences;
    this.table = table;
    this.shard = shard;
    this.allowed = allowed;
  }

  /** The model's forward pass over sequences of the corpus, where a fault can be planned. */
  public static ForwardPass forward(Transformer model) {
    return (batch, observers) -> {
      if (FaultPoint.planned()) {
        batch.sequences().forEach(sequence -> FaultPoint.IN_FORWARD.reached(sequence.id()));
      }
      model.observe(batch, observers);
    };
  }

  /**
   * Attempts until all that is left can be read.
   *
   * @throws CensusException of kind RUN_FAILED if too many cannot
   */
  public <T> T read(Attempt<T> attempt) throws IOException {
    while (true) {
      try {
        return attempt.read();
      } catch (UnreadableSequences e) {
        // What the observers have seen of the batch cannot be taken back: begin anew without them.
        rejected.putAll(e.reasons());
        if (rejected.size() > allowed) {
          throw CensusException.runFailed(tooMany(), e);
        }
      }
    }
  }

  /** Ids of the sequences to leave out. */
  public Set<Long> rejected() {
    return rejected.keySet();
  }

  /** How many more may be left out. */
  public int rejectable() {
    return allowed - rejected.size();
  }

  /** Writes the rows of those left out; no file if there are none. */
  public List<TableFile> write() throws IOException {
    if (rejected.isEmpty()) {
      return List.of();
    }
    String name = "part-%05d-%s.parquet".formatted(shard.index(), staging.attempt());
    try (ParquetTableWriter<RejectedSequence> writer =
        ParquetTableWriter.create(
            staging.hadoop(), staging.file(table, name), table, runId, RejectedSequence::encode)) {
      for (RejectedSequence row : rows()) {
        writer.write(row);
      }
      return List.of(writer.finish());
    }
  }

  private List<RejectedSequence> rows() throws IOException {
    return RejectedSequence.of(staging.hadoop(), sequences, shard, rejected);
  }

  private String tooMany() throws IOException {
    StringJoiner text = new StringJoiner("\n");
    text.add(
        "the model cannot read some sequences, more than scan.max-rejected-sequences = %d:"
            .formatted(allowed));
    for (RejectedSequence row : rows()) {
      text.add(
          "sequence %d of document %s: %s"
              .formatted(row.sequenceId(), row.documentId(), row.detail()));
    }
    return text.toString();
  }
}
