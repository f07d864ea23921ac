package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Finds sequences by their ids within a task, stepping through the files of one shard after
 * another. Closed when the task ends.
 *
 * @param <S> what is made of a row of {@code sequences}
 */
public final class SequenceLookUp<S> {
  private static final String ID = "sequence_id";

  private final Configuration hadoop;
  private final Path folder;
  private final ShardPlan plan;
  private final Function<TableRow, S> decode;
  private final String[] columns;
  private Shard shard;
  private int place = -1;
  private int nextFile;
  private ParquetTableReader reader;
  private long currentId;
  private S current;

  /**
   * @param folder of the run's {@code sequences} files
   * @param columns to read, {@code sequence_id} among them; all if none is named
   */
  public SequenceLookUp(
      Configuration hadoop,
      Path folder,
      ShardPlan plan,
      Function<TableRow, S> decode,
      String... columns) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.plan = plan;
    this.decode = decode;
    this.columns = columns.clone();
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) done -> close());
  }

  /**
   * Sequences must be asked for in ascending order within a shard; one may be asked for again.
   *
   * @param shardPlace place of the shard in the plan
   */
  public S find(int shardPlace, long sequenceId) {
    try {
      return step(shardPlace, sequenceId);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read sequences of shard " + shard.index(), e);
    }
  }

  private S step(int shardPlace, long sequenceId) throws IOException {
    if (place != shardPlace) {
      close();
      place = shardPlace;
      shard = plan.shards().get(shardPlace);
      nextFile = 0;
      current = null;
    }
    while (current == null || currentId < sequenceId) {
      TableRow row = reader == null ? null : reader.next();
      if (row != null) {
        currentId = row.getLong(ID);
        // Decoding copies text and arrays, so only for the row that is wanted.
        current = currentId < sequenceId ? null : decode.apply(row);
      } else if (nextFile < shard.files().size()) {
        close();
        Path file = new Path(folder, shard.files().get(nextFile++));
        reader = ParquetTableReader.open(hadoop, file, columns);
      } else {
        throw new NoSuchElementException(
            "sequence " + sequenceId + " is not in shard " + shard.index());
      }
    }
    return current;
  }

  private void close() {
    if (reader != null) {
      try {
        reader.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      reader = null;
    }
  }
}
