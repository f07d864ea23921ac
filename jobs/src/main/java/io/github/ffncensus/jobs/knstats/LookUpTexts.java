package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.task.SequenceLookUp;
import io.github.ffncensus.jobs.task.TaskSetup;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Task: gives extreme texts, sorted by shard and sequence, their words, reading each of the shards'
 * files once, in step.
 */
final class LookUpTexts implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final ShardPlan plan;

  LookUpTexts(TaskSetup setup, ShardPlan plan) {
    this.setup = setup;
    this.plan = plan;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> extremes) {
    SequenceLookUp<String> texts =
        new SequenceLookUp<>(
            setup.hadoop(),
            setup.folder().table("sequences"),
            plan,
            row -> row.getString("text"),
            "sequence_id",
            "text");
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return extremes.hasNext();
      }

      @Override
      public Row next() {
        Row row = extremes.next();
        Object[] values = new Object[row.length()];
        // All but the shard, which comes first; the text takes the last place.
        for (int i = 1; i < row.length(); i++) {
          values[i - 1] = row.get(i);
        }
        values[row.length() - 1] = texts.find(row.getInt(0), row.getLong(8));
        return RowFactory.create(values);
      }
    };
  }
}
