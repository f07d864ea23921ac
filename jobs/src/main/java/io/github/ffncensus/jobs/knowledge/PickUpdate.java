package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.config.EditConfig;
import java.util.List;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/** Draws the prompt that a fact's update is judged by, and says why the fact cannot be updated. */
final class PickUpdate implements MapFunction<Row, Row> {
  /** It has no neurons. */
  static final String NO_NEURONS = "no neurons";

  /** Too many facts of the relation have its neurons, too. */
  static final String SHARED_NEURONS = "shared neurons";

  /** The model does not know it. */
  static final String NOT_ANSWERED = "not answered";

  /** {@code draw} orders the facts of a relation at random; {@code obstacle} is null if none. */
  static final StructType PICKED =
      StructType.fromDDL(
          "relation STRING, fact_id STRING, head STRING, ordinal INT, draw BIGINT, judged INT,"
              + " prompt STRING, answer STRING, neurons ARRAY<STRUCT<layer: INT, neuron: INT>>,"
              + " obstacle STRING");

  private static final long serialVersionUID = 1L;

  private final boolean knownOnly;
  private final long seed;

  PickUpdate(EditConfig config) {
    this.knownOnly = config.update().knownOnly();
    this.seed = config.seed();
  }

  @Override
  public Row call(Row fact) {
    FactKey key = new FactKey(fact.getAs("relation"), fact.getAs("fact_id"));
    List<Row> prompts = fact.getList(fact.fieldIndex("prompts"));
    Row judged = prompts.get(SeededHash.below(prompts.size(), seed, key.hash("judged prompt")));
    return RowFactory.create(
        key.relation(),
        key.factId(),
        fact.getAs("head"),
        fact.getAs("ordinal"),
        SeededHash.of(seed, key.hash("updated facts")),
        judged.getAs("prompt_id"),
        judged.getAs("prompt"),
        judged.getAs("answer"),
        fact.get(fact.fieldIndex("neurons")),
        obstacle(fact, judged));
  }

  private String obstacle(Row fact, Row judged) {
    int neurons = fact.fieldIndex("neurons");
    if (fact.isNullAt(neurons)) {
      return NO_NEURONS;
    }
    if (fact.getList(neurons).isEmpty()) {
      return SHARED_NEURONS;
    }
    return knownOnly && judged.<Integer>getAs("answer_rank") != 1 ? NOT_ANSWERED : null;
  }
}
