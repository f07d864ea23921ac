package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.knowledge.FactKey;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Draws what a fact is updated to: the answer of a fact of its relation, uniform among those that
 * have another one. None if all have the same.
 */
final class DrawAnswer implements FlatMapFunction<Row, Row> {
  /** An update, and the task that makes it. */
  static final StructType UPDATE =
      StructType.fromDDL(
          "work INT, relation STRING, fact_id STRING, head STRING, ordinal INT, judged INT,"
              + " answer STRING, target STRING, target_fact_id STRING,"
              + " neurons ARRAY<STRUCT<layer: INT, neuron: INT>>");

  private static final long serialVersionUID = 1L;

  private final UpdateTasks tasks;
  private final long seed;

  DrawAnswer(UpdateTasks tasks, long seed) {
    this.tasks = tasks;
    this.seed = seed;
  }

  @Override
  public Iterator<Row> call(Row picked) {
    FactKey key = new FactKey(picked.getAs("relation"), picked.getAs("fact_id"));
    String answer = picked.getAs("answer");
    List<Row> others =
        picked.<Row>getList(picked.fieldIndex("answers")).stream()
            .filter(other -> !other.getAs("answer").equals(answer))
            .toList();
    if (others.isEmpty()) {
      return Collections.emptyIterator();
    }
    Row target = others.get(SeededHash.below(others.size(), seed, key.hash("new answer")));
    return List.of(
            RowFactory.create(
                tasks.of(key.relation(), picked.getAs("place")),
                key.relation(),
                key.factId(),
                picked.getAs("head"),
                picked.getAs("ordinal"),
                picked.getAs("judged"),
                answer,
                target.getAs("answer"),
                target.getAs("fact_id"),
                picked.get(picked.fieldIndex("neurons"))))
        .iterator();
  }
}
