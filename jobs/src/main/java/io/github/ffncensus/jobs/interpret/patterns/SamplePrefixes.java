package io.github.ffncensus.jobs.interpret.patterns;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.table.TableRow;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Task: the positions of a shard whose hash is small, with their prefixes. */
final class SamplePrefixes implements FlatMapFunction<Shard, Row> {
  private static final long serialVersionUID = 1L;
  private static final int SALT = 6;

  private final TaskSetup setup;
  private final long seed;
  private final int minPosition;
  private final long bound;

  /**
   * @param minPosition text tokens that a prefix needs
   * @param share of all positions that are offered, 0 to 1
   */
  SamplePrefixes(TaskSetup setup, long seed, int minPosition, double share) {
    this.setup = setup;
    this.seed = seed;
    this.minPosition = minPosition;
    this.bound = share >= 1 ? Long.MAX_VALUE : (long) (share * Long.MAX_VALUE);
  }

  @Override
  public Iterator<Row> call(Shard shard) throws IOException {
    List<Row> chosen = new ArrayList<>();
    ModelTokenizer tokenizer = setup.tokenizer();
    for (String file : shard.files()) {
      try (ParquetTableReader reader =
          ParquetTableReader.open(setup.hadoop(), setup.published("sequences", file))) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          TaskContext.get().killTaskIfInterrupted();
          choose(row, tokenizer, chosen);
        }
      }
    }
    return chosen.iterator();
  }

  private void choose(TableRow row, ModelTokenizer tokenizer, List<Row> chosen) {
    long sequenceId = row.getLong("sequence_id");
    int[] starts = row.getIntList("token_starts");
    SequenceRow sequence = null;
    int textTokens = 0;
    for (int position = 0; position < starts.length; position++) {
      if (starts[position] < 0 || ++textTokens < minPosition) {
        continue;
      }
      long hash = SeededHash.of(seed, SALT, sequenceId, position) >>> 1;
      if (hash <= bound) {
        // Most sequences have no such position, and their text is not looked at.
        sequence = sequence == null ? SequenceRow.decode(row) : sequence;
        chosen.add(prefix(hash, sequence, position, tokenizer));
      }
    }
  }

  private static Row prefix(
      long hash, SequenceRow sequence, int position, ModelTokenizer tokenizer) {
    int[] ids = sequence.tokenIds();
    boolean hasNext = sequence.hasNext(position);
    return RowFactory.create(
        hash,
        sequence.sequenceId(),
        position,
        sequence.documentId(),
        sequence.prefix(position),
        ids[position],
        tokenizer.token(ids[position]),
        hasNext ? ids[position + 1] : null,
        hasNext ? tokenizer.token(ids[position + 1]) : null);
  }
}
