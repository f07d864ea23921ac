package io.github.ffncensus.jobs.edit;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;

import io.github.ffncensus.jobs.attribute.PromptReading;
import io.github.ffncensus.jobs.task.TaskSetup;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/** Which updates are made, and in which tasks. */
final class UpdatePlan {
  private UpdatePlan() {}

  /**
   * The updates: rows of {@link DrawAnswers#UPDATE}.
   *
   * @param candidates rows of {@link io.github.ffncensus.jobs.knowledge.UpdateCandidates#of}
   * @param facts rows of {@link io.github.ffncensus.jobs.knowledge.FactRows#facts}
   */
  static Dataset<Row> of(
      Dataset<Row> candidates,
      Dataset<Row> facts,
      UpdateTasks tasks,
      TaskSetup setup,
      PromptReading reading) {
    Dataset<Row> drawn =
        candidates
            .withColumn(
                "place",
                row_number()
                    .over(Window.partitionBy("relation").orderBy("draw", "fact_id"))
                    .minus(lit(1)))
            .filter(col("place").lt(tasks.factsPerRelation()));
    // Aliases, because candidates come from the same rows: Spark 3.5 takes the same attributes on
    // both sides of a cogroup for an error.
    Dataset<Row> answers =
        facts.select(
            col("relation").as("relation"),
            col("ordinal").as("ordinal"),
            col("fact_id").as("fact_id"),
            col("prompts").getItem(0).getField("answer").as("answer"));
    return byRelation(drawn)
        .cogroup(
            byRelation(answers),
            new DrawAnswers(setup, reading, tasks),
            Encoders.row(DrawAnswers.UPDATE));
  }

  private static KeyValueGroupedDataset<String, Row> byRelation(Dataset<Row> rows) {
    return rows.groupByKey(
        (MapFunction<Row, String>) row -> row.getAs("relation"), Encoders.STRING());
  }
}
