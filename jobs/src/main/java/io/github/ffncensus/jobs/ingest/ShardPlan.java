package io.github.ffncensus.jobs.ingest;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.run.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The corpus in pieces of about equal work, in the order of the sequences. */
public record ShardPlan(List<Shard> shards) implements Serializable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * A run of consecutive sequences.
   *
   * @param index place in the plan, from 0
   * @param firstSequenceId id of its first sequence; the others follow without gaps
   * @param tokens of all its sequences, special tokens included
   * @param files in the order of the ids, names in the run's partition of the table {@code
   *     sequences}; no file holds sequences of two shards
   */
  public record Shard(
      int index, long firstSequenceId, long sequences, long tokens, List<String> files)
      implements Serializable {}

  public long sequences() {
    return shards.stream().mapToLong(Shard::sequences).sum();
  }

  public long tokens() {
    return shards.stream().mapToLong(Shard::tokens).sum();
  }

  /** The shards without some, under the numbers that they have. */
  public ShardPlan without(Set<Integer> indexes) {
    return new ShardPlan(
        shards.stream().filter(shard -> !indexes.contains(shard.index())).toList());
  }

  /** One more than the largest id of a sequence; there may be gaps where shards are left out. */
  public long endSequenceId() {
    if (shards.isEmpty()) {
      return 0;
    }
    Shard last = shards.get(shards.size() - 1);
    return last.firstSequenceId() + last.sequences();
  }

  /** Whether a sequence is in one of the shards. */
  public boolean holds(long sequenceId) {
    Shard nearest = shards.get(placeOf(sequenceId));
    long place = sequenceId - nearest.firstSequenceId();
    return place >= 0 && place < nearest.sequences();
  }

  /**
   * The shard that holds a sequence.
   *
   * @return its place in {@link #shards()}
   */
  public int placeOf(long sequenceId) {
    int low = 0;
    int high = shards.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (shards.get(middle).firstSequenceId() <= sequenceId) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** Writes the plan as JSON, replacing an earlier one. */
  public void write(Configuration hadoop, Path file) {
    try {
      new AtomicFile(hadoop, file)
          .write(JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(new Document(shards)));
    } catch (IOException e) {
      throw CensusException.runFailed(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  public static ShardPlan read(Configuration hadoop, Path file) {
    try {
      FileSystem fs = file.getFileSystem(hadoop);
      try (InputStream in = fs.open(file)) {
        return new ShardPlan(JSON.readValue(in, Document.class).shards());
      }
    } catch (IOException e) {
      throw CensusException.runFailed(
          file + " cannot be read: " + e.getMessage() + "; ingest again with --force", e);
    }
  }

  private record Document(List<Shard> shards) {}
}
