package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.jobs.attribute.FactShards.Shard;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.table.ParquetTableWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;

/** Task: a file of facts per shard, from facts sorted by shard. */
final class WriteFactShards implements FlatMapFunction<Iterator<Row>, Shard> {
  private static final long serialVersionUID = 1L;

  /** Folder of the shards. */
  static final String SHARDS = "facts-shards";

  private final TaskSetup setup;

  WriteFactShards(TaskSetup setup) {
    this.setup = setup;
  }

  @Override
  public Iterator<Shard> call(Iterator<Row> rows) throws IOException {
    List<Shard> shards = new ArrayList<>();
    Row row = rows.hasNext() ? rows.next() : null;
    while (row != null) {
      int shard = row.<Integer>getAs("shard");
      String name = "%05d-%s.parquet".formatted(shard, setup.staging().attempt());
      try (ParquetTableWriter<StagedFact> writer =
          ParquetTableWriter.create(
              setup.hadoop(),
              setup.staging().file(SHARDS, name),
              StagedFact.SCHEMA,
              setup.folder().runId(),
              StagedFact::encode)) {
        while (row != null && row.<Integer>getAs("shard") == shard) {
          writer.write(fact(row));
          row = rows.hasNext() ? rows.next() : null;
        }
        shards.add(new Shard(shard, writer.finish().name()));
      }
    }
    return shards.iterator();
  }

  private static StagedFact fact(Row row) {
    List<Integer> ids = row.getList(row.fieldIndex("prompt_ids"));
    List<String> texts = row.getList(row.fieldIndex("prompt_texts"));
    List<String> answers = row.getList(row.fieldIndex("prompt_answers"));
    List<String> others = row.getList(row.fieldIndex("prompt_others"));
    List<Integer> negative = row.getList(row.fieldIndex("prompt_negative"));
    List<Prompt> prompts = new ArrayList<>(ids.size());
    for (int i = 0; i < ids.size(); i++) {
      String other = others.get(i).isEmpty() ? null : others.get(i);
      prompts.add(
          new Prompt(ids.get(i), texts.get(i), answers.get(i), other, negative.get(i) == 1));
    }
    StagedFact.Place place =
        new StagedFact.Place(
            row.<Integer>getAs("file"),
            row.<Long>getAs("ordinal"),
            row.<Long>getAs("prompts_before"),
            row.<String>getAs("source"),
            row.<Long>getAs("line"));
    Fact fact =
        new Fact(
            row.<String>getAs("relation"),
            row.<String>getAs("fact_id"),
            row.<String>getAs("head"),
            row.<String>getAs("answer"),
            row.getList(row.fieldIndex("aliases")),
            row.getList(row.fieldIndex("tails")),
            row.<String>getAs("language"),
            prompts);
    return new StagedFact(place, row.<Integer>getAs("other_answers"), fact);
  }
}
