package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.SequenceLookUp;
import io.github.ffncensus.jobs.task.Tokenizers;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.text.ModelTokenizer;
import java.util.Iterator;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

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
    SequenceLookUp<SequenceRow> sequences =
        new SequenceLookUp<>(
            context.staging().hadoop(), new Path(context.sequences()), plan, SequenceRow::decode);
    ModelTokenizer tokenizer = Tokenizers.of(context.modelPath());
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return winners.hasNext();
      }

      @Override
      public Row next() {
        Row winner = winners.next();
        return withText(winner, sequences.find(winner.getInt(0), winner.getLong(7)), tokenizer);
      }
    };
  }

  private static Row withText(Row winner, SequenceRow sequence, ModelTokenizer tokenizer) {
    int position = winner.getInt(8);
    int[] ids = sequence.tokenIds();
    boolean hasNext = sequence.hasNext(position);
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
        sequence.prefix(position),
        ids[position],
        tokenizer.token(ids[position]),
        hasNext ? ids[position + 1] : null,
        hasNext ? tokenizer.token(ids[position + 1]) : null);
  }
}
