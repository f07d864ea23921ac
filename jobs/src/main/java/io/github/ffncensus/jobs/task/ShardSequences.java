package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** The sequences of a shard, one at a time, in the order of their ids. */
public final class ShardSequences implements Iterator<SequenceRow>, AutoCloseable {
  private final TaskSetup setup;
  private final Iterator<String> files;
  private ParquetTableReader reader;
  private SequenceRow next;

  public ShardSequences(TaskSetup setup, Shard shard) {
    this.setup = setup;
    this.files = shard.files().iterator();
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null && (reader != null || files.hasNext())) {
        if (reader == null) {
          reader =
              ParquetTableReader.open(setup.hadoop(), setup.published("sequences", files.next()));
        }
        TableRow row = reader.next();
        if (row == null) {
          close();
        } else {
          next = SequenceRow.decode(row);
        }
      }
      return next != null;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read sequences", e);
    }
  }

  @Override
  public SequenceRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    SequenceRow row = next;
    next = null;
    return row;
  }

  @Override
  public void close() throws IOException {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }
}
