package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.task.Tokenizers;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.table.TableRow;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Task: gives triggers, sorted by shard and sequence, the text of their prefix, reading each of the
 * shards' files once, in step.
 */
final class LookUpPrefixes implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final ScanContext context;
  private final ShardPlan plan;

  LookUpPrefixes(ScanContext context, ShardPlan plan) {
    this.context = context;
    this.plan = plan;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> winners) {
    Sequences sequences = new Sequences();
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) done -> sequences.close());
    ModelTokenizer tokenizer = Tokenizers.of(context.modelPath());
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return winners.hasNext();
      }

      @Override
      public Row next() {
        Row winner = winners.next();
        try {
          return withText(winner, sequences.find(winner.getInt(0), winner.getLong(7)), tokenizer);
        } catch (IOException e) {
          throw new UncheckedIOException("cannot read sequences of shard " + winner.getInt(0), e);
        }
      }
    };
  }

  private static Row withText(Row winner, SequenceRow sequence, ModelTokenizer tokenizer) {
    int position = winner.getInt(8);
    int[] ids = sequence.tokenIds();
    String text = sequence.text();
    int end = text.offsetByCodePoints(0, sequence.tokenEnds()[position]);
    boolean hasNext = position + 1 < ids.length && sequence.tokenEnds()[position + 1] >= 0;
    return RowFactory.create(
        winner.getInt(1),
        winner.getInt(2),
        winner.getInt(3),
        winner.getString(4),
        winner.getInt(5),
        winner.getFloat(6),
        winner.getLong(7),
        position,
        sequence.documentId(),
        text.substring(0, end),
        ids[position],
        tokenizer.token(ids[position]),
        hasNext ? ids[position + 1] : null,
        hasNext ? tokenizer.token(ids[position + 1]) : null);
  }

  /** Steps through the sequences of one shard after another. */
  private final class Sequences {
    private Shard shard;
    private int nextFile;
    private ParquetTableReader reader;
    private SequenceRow current;

    /**
     * Sequences must be asked for in ascending order within a shard; one may be asked for again.
     */
    SequenceRow find(int shardIndex, long sequenceId) throws IOException {
      if (shard == null || shard.index() != shardIndex) {
        close();
        shard = plan.shards().get(shardIndex);
        nextFile = 0;
        current = null;
      }
      while (current == null || current.sequenceId() < sequenceId) {
        TableRow row = reader == null ? null : reader.next();
        if (row != null) {
          // Decoding copies text and arrays, so only for the row that is wanted.
          current = row.getLong("sequence_id") < sequenceId ? null : SequenceRow.decode(row);
        } else if (nextFile < shard.files().size()) {
          close();
          Path file = new Path(context.sequences(), shard.files().get(nextFile++));
          reader = ParquetTableReader.open(context.staging().hadoop(), file);
        } else {
          throw new NoSuchElementException(
              "sequence " + sequenceId + " is not in shard " + shardIndex);
        }
      }
      return current;
    }

    void close() {
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
}
