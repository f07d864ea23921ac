package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.config.EditConfig;
import io.github.ffncensus.jobs.knowledge.FactKey;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/** Draws the prompt that a fact's update is judged by; none if the fact cannot be updated. */
final class PickUpdate implements FlatMapFunction<Row, Row> {
  /** A fact that may be updated; {@code draw} orders those of a relation at random. */
  static final StructType PICKED =
      StructType.fromDDL(
          "relation STRING, fact_id STRING, head STRING, ordinal INT, draw BIGINT, judged INT,"
              + " answer STRING, neurons ARRAY<STRUCT<layer: INT, neuron: INT>>");

  private static final long serialVersionUID = 1L;

  private final boolean knownOnly;
  private final long seed;

  PickUpdate(EditConfig config) {
    this.knownOnly = config.update().knownOnly();
    this.seed = config.seed();
  }

  @Override
  public Iterator<Row> call(Row fact) {
    FactKey key = new FactKey(fact.getAs("relation"), fact.getAs("fact_id"));
    List<Row> prompts = fact.getList(fact.fieldIndex("prompts"));
    Row judged = prompts.get(SeededHash.below(prompts.size(), seed, key.hash("judged prompt")));
    if (knownOnly && judged.<Integer>getAs("answer_rank") != 1) {
      return Collections.emptyIterator();
    }
    return List.of(
            RowFactory.create(
                key.relation(),
                key.factId(),
                fact.getAs("head"),
                fact.getAs("ordinal"),
                SeededHash.of(seed, key.hash("updated facts")),
                judged.getAs("prompt_id"),
                judged.getAs("answer"),
                fact.get(fact.fieldIndex("neurons"))))
        .iterator();
  }
}
