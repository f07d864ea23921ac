package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.abs;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.median;
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
  /** A residual above this part of the answer's probability is worth more steps. */
  private static final double INCOMPLETE = 0.01;

  // Of the paper's facts, all counted on its data.
  private static final Published FACTS = Published.verified(27_738);
  private static final Published PROMPTS = Published.verified(253_448);
  private static final Published RELATIONS = Published.verified(34);
  private static final Published PER_FACT = Published.verified(9.14);
  private static final Published LEAKING = Published.verified(2_786 / 27_738.0);
  private static final Published SEVERAL = Published.verified(851);

  private PromptFindings() {}

  /** The published numbers beside nothing. */
  static List<Finding> missing(String why) {
    return List.of(
        FACTS.finding("facts", null, why),
        PROMPTS.finding("prompts", null, why),
        RELATIONS.finding("relations", null, why),
        PER_FACT.finding("prompts_per_fact", null, why),
        LEAKING.finding("facts_with_answer_in_head", null, why),
        SEVERAL.finding("heads_with_several_answers", null, why));
  }

  /**
   * Of every relation its facts, and of their prompts all, answered, probable and leaking ones; its
   * facts with leaking prompts, and heads of several answers.
   */
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
            number(col("other_answers").gt(0)),
            countDistinct(when(col("answer_in_head"), col("fact_id"))),
            countDistinct(when(col("other_answers").gt(0), col("head"))))
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
        FACTS.finding("facts", facts, "facts with a prompt that the model reads"),
        PROMPTS.finding("prompts", all, "their prompts, negative ones left out"),
        RELATIONS.finding("relations", (double) relations.size(), "relations of these facts"),
        PER_FACT.finding("prompts_per_fact", all / facts, "mean over %,.0f facts".formatted(facts)),
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
            "share " + of + " that can be answered by copying from the head"),
        LEAKING.finding(
            "facts_with_answer_in_head",
            total(relations, 7) / facts,
            "share of %,.0f facts with such a prompt; the paper's data: 2,786 facts"
                .formatted(facts)),
        Finding.of(
            "prompts_with_other_answers",
            total(relations, 6) / all,
            null,
            "share " + of + " whose head has another answer in another fact of the relation"),
        SEVERAL.finding(
            "heads_with_several_answers",
            total(relations, 8),
            "heads, counted in each relation, that such prompts have"));
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
    Column missed = when(scale.gt(0), abs(col("residual")).divide(scale)).otherwise(0.0);
    for (Row row :
        layers
            .select(col("layer"), missed.as("missed"))
            .groupBy("layer")
            .agg(
                count(lit(1)),
                median(col("missed")),
                max(col("missed")),
                number(col("missed").gt(INCOMPLETE)))
            .orderBy("layer")
            .collectAsList()) {
      String what =
          "of %,d prompts: what the layer's attributions miss of F(1) - F(0), as a part of the larger of the two; it falls as attribute.steps grows"
              .formatted(row.getLong(1));
      int layer = row.getInt(0);
      double incomplete = (double) row.getLong(4) / row.getLong(1);
      findings.add(
          new Finding("completeness_residual", layer, row.getDouble(2), null, "median " + what));
      findings.add(
          new Finding(
              "completeness_residual_largest", layer, row.getDouble(3), null, "largest " + what));
      findings.add(
          new Finding("prompts_incomplete", layer, incomplete, null, "share above 0.01 " + what));
    }
    return findings;
  }

  private static Column number(Column condition) {
    return sum(when(condition, 1L).otherwise(0L));
  }
}
