package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.abs;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** How many facts there are, how well the model knows them, and whether attributions add up. */
final class PromptFindings {
  private PromptFindings() {}

  /** Of every relation its facts, and of their prompts all, answered, probable and leaking ones. */
  static List<Row> byRelation(Dataset<Row> prompts) {
    return prompts
        .filter(not(col("negative")))
        .groupBy("relation")
        .agg(
            countDistinct("fact_id"),
            count(lit(1)),
            number(col("answer_rank").equalTo(1)),
            // Exact, so that the order of addition cannot matter.
            sum(col("answer_probability").cast("decimal(20,18)")).cast("double"),
            number(col("answer_in_head")),
            number(col("other_answers").gt(0)))
        .orderBy("relation")
        .collectAsList();
  }

  /**
   * @param relations as {@link #byRelation} has them
   */
  static List<Finding> of(List<Row> relations) {
    double facts = total(relations, 1);
    double all = total(relations, 2);
    String of = "of %,.0f prompts".formatted(all);
    double probability = relations.stream().mapToDouble(row -> row.getDouble(4)).sum();
    return List.of(
        Finding.of("facts", facts, 27_738.0, "facts with a prompt that the model reads"),
        Finding.of("prompts", all, 253_448.0, "their prompts, negative ones left out"),
        Finding.of(
            "prompts_answered",
            total(relations, 3) / all,
            null,
            "share " + of + " whose answer is the model's first choice"),
        Finding.of("answer_probability", probability / all, null, "mean " + of),
        Finding.of(
            "prompts_with_answer_in_head",
            total(relations, 5) / all,
            null,
            "share "
                + of
                + " that can be answered by copying from the head; the paper's data: in"
                + " 10 % of the facts"),
        Finding.of(
            "prompts_with_other_answers",
            total(relations, 6) / all,
            null,
            "share " + of + " whose head has another answer in another fact of the relation"));
  }

  private static double total(List<Row> rows, int column) {
    return rows.stream().mapToLong(row -> row.getLong(column)).sum();
  }

  /**
   * @param rejects rows of {@code fact_rejects}
   */
  static List<Finding> ofRejects(Dataset<Row> rejects) {
    Row row =
        rejects
            .agg(number(col("prompt_id").isNotNull()), number(col("prompt_id").isNull()))
            .first();
    return List.of(
        Finding.of(
            "prompts_rejected", known(row, 0), null, "single prompts, of facts used and not used"),
        Finding.of("facts_rejected", known(row, 1), null, "facts, or lines without one"));
  }

  private static double known(Row row, int column) {
    return row.isNullAt(column) ? 0 : row.getLong(column);
  }

  /**
   * @param layers rows of {@code attribution_layers}
   */
  static List<Finding> ofLayers(Dataset<Row> layers) {
    List<Finding> findings = new ArrayList<>();
    Column scale = greatest(abs(col("probability_full")), abs(col("probability_zeroed")));
    for (Row row :
        layers
            .groupBy("layer")
            .agg(
                max(when(scale.gt(0), abs(col("residual")).divide(scale)).otherwise(0.0)),
                count(lit(1)))
            .orderBy("layer")
            .collectAsList()) {
      findings.add(
          new Finding(
              "completeness_residual",
              row.getInt(0),
              row.getDouble(1),
              null,
              "largest of %,d prompts: what the layer's attributions miss of F(1) - F(0), as a part of"
                      .formatted(row.getLong(2))
                  + " the larger of the two; it falls as attribute.steps grows"));
    }
    return findings;
  }

  private static Column number(Column condition) {
    return sum(when(condition, 1L).otherwise(0L));
  }
}
