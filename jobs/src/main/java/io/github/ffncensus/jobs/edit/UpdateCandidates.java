package io.github.ffncensus.jobs.edit;

import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.struct;

import io.github.ffncensus.jobs.config.EditConfig;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/** Which facts are updated, by which neurons, and to what. */
final class UpdateCandidates {
  private static final long PARTS = 1_000_000;

  private UpdateCandidates() {}

  /**
   * The updates: rows of {@link DrawAnswer#UPDATE}.
   *
   * @param facts rows of {@link io.github.ffncensus.jobs.knowledge.FactRows#facts}
   * @param neurons rows of {@code knowledge_neurons}, of all methods
   * @param shared rows of {@code relation_neurons}, of all methods
   */
  static Dataset<Row> of(
      Dataset<Row> facts,
      Dataset<Row> neurons,
      Dataset<Row> shared,
      UpdateTasks tasks,
      EditConfig config) {
    Dataset<Row> answers =
        facts
            .groupBy("relation")
            .agg(
                array_sort(
                        collect_list(
                            struct(
                                col("ordinal"),
                                col("fact_id"),
                                col("prompts").getItem(0).getField("answer").as("answer"))))
                    .as("answers"));
    return facts
        .join(editable(neurons, shared, config), new String[] {"relation", "fact_id"})
        .flatMap(
            (FlatMapFunction<Row, Row>) new PickUpdate(config), Encoders.row(PickUpdate.PICKED))
        .withColumn(
            "place",
            row_number()
                .over(Window.partitionBy("relation").orderBy("draw", "fact_id"))
                .minus(lit(1)))
        .filter(col("place").lt(config.update().factsPerRelation()))
        .join(answers, "relation")
        .flatMap(
            (FlatMapFunction<Row, Row>) new DrawAnswer(tasks, config.seed()),
            Encoders.row(DrawAnswer.UPDATE));
  }

  /** The neurons that few of a relation's facts share: {@code relation, fact_id, neurons}. */
  private static Dataset<Row> editable(
      Dataset<Row> neurons, Dataset<Row> shared, EditConfig config) {
    // In whole numbers: 0.29 of 100 facts is 29, and 0.29 * 100 is less.
    Column most = col("facts").multiply(Math.round(PARTS * config.update().maxShare()));
    Column uses = col("facts_sharing");
    Column kept =
        config.update().countOwnTwice()
            ? uses.plus(1).multiply(PARTS).leq(most)
            : uses.equalTo(1).or(uses.multiply(PARTS).leq(most));
    return neurons
        .filter(col("method").equalTo(config.method().key()))
        .select("method", "relation", "fact_id", "layer", "neuron")
        .join(
            shared.filter(kept).select("method", "relation", "layer", "neuron"),
            new String[] {"method", "relation", "layer", "neuron"})
        .groupBy("relation", "fact_id")
        .agg(array_sort(collect_list(struct("layer", "neuron"))).as("neurons"));
  }
}
