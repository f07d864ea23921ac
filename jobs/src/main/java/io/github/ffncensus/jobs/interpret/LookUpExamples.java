package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.examples.QuantileBand;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.SequenceLookUp;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.text.ModelTokenizer;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Task: gives examples, sorted by shard and sequence, the text of their prefix. */
final class LookUpExamples implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final ShardPlan plan;

  LookUpExamples(TaskSetup setup, ShardPlan plan) {
    this.setup = setup;
    this.plan = plan;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> drawn) {
    SequenceLookUp<SequenceRow> sequences =
        new SequenceLookUp<>(
            setup.hadoop(), setup.folder().table("sequences"), plan, SequenceRow::decode);
    ModelTokenizer tokenizer = setup.tokenizer();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return drawn.hasNext();
      }

      @Override
      public Row next() {
        Row example = drawn.next();
        return withText(example, sequences.find(example.getInt(0), example.getLong(6)), tokenizer);
      }
    };
  }

  private static Row withText(Row example, SequenceRow sequence, ModelTokenizer tokenizer) {
    int band = example.getInt(3);
    int position = example.getInt(7);
    int[] ids = sequence.tokenIds();
    boolean hasNext = sequence.hasNext(position);
    return RowFactory.create(
        example.getInt(1),
        example.getInt(2),
        band,
        QuantileBand.values()[band].label(),
        example.getInt(4),
        example.getFloat(5),
        example.getLong(6),
        position,
        sequence.documentId(),
        sequence.prefix(position),
        ids[position],
        tokenizer.token(ids[position]),
        hasNext ? ids[position + 1] : null,
        hasNext ? tokenizer.token(ids[position + 1]) : null,
        example.getLong(8));
  }
}
