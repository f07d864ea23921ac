package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Facts with what belongs to them, a row each, from the tables of {@code attribute}. */
public final class FactRows {
  public static final String PROMPTS = "fact_prompts";
  public static final String NEURONS = "knowledge_neurons";
  public static final String SHARED = "relation_neurons";

  /** The values of {@code method}. */
  public static final List<String> METHODS = List.of("integrated_gradients", "activation");

  /** A fact that is read for another's sake, or its own, in some role; in a group of work. */
  public static final StructType DRAW =
      StructType.fromDDL(
          "work INT, relation STRING, fact_id STRING, role STRING, drawn_relation STRING,"
              + " drawn_ordinal INT");

  private static final int NAMED = 20;

  private FactRows() {}

  /** Facts by name, the first ones of many, for messages. */
  public static String names(Dataset<Row> facts) {
    List<String> names =
        facts
            .select("relation", "fact_id")
            .distinct()
            .orderBy("relation", "fact_id")
            .limit(NAMED + 1)
            .collectAsList()
            .stream()
            .map(fact -> fact.getString(0) + "/" + fact.getString(1))
            .toList();
    return names.size() <= NAMED
        ? "facts: " + String.join(", ", names)
        : "facts: " + String.join(", ", names.subList(0, NAMED)) + ", ...";
  }

  /**
   * All facts: {@code relation}, {@code fact_id}, {@code head}, {@code ordinal} (see {@link
   * Relations.Place}) and {@code prompts}, an array of {@code prompt_id, prompt, answer,
   * answer_probability, answer_rank, votes}, those that do not ask for the fact left out.
   *
   * @param prompts rows of {@code fact_prompts}
   */
  public static Dataset<Row> facts(Dataset<Row> prompts) {
    return prompts
        .filter(not(col("negative")))
        .groupBy("relation", "fact_id")
        .agg(
            sort_array(
                    collect_list(
                        struct(
                            "prompt_id",
                            "prompt",
                            "answer",
                            "answer_probability",
                            "answer_rank",
                            "votes")))
                .as("prompts"),
            first("head").as("head"))
        .withColumn(
            "ordinal",
            row_number()
                .over(Window.partitionBy("relation").orderBy("fact_id"))
                .minus(lit(1))
                .cast(DataTypes.IntegerType));
  }

  /**
   * The facts that have neurons: {@code relation}, {@code fact_id} and {@code neurons}, an array of
   * {@code method, layer, neuron, mean_attribution}.
   *
   * @param neurons rows of {@code knowledge_neurons}
   */
  public static Dataset<Row> neurons(Dataset<Row> neurons) {
    return neurons
        .groupBy("relation", "fact_id")
        .agg(
            sort_array(collect_list(struct("method", "layer", "neuron", "mean_attribution")))
                .as("neurons"));
  }

  /**
   * Facts with those drawn for them: {@code work}, {@code relation}, {@code fact_id} and {@code
   * drawn}, an array of {@code role, drawn_relation, drawn_fact_id, drawn_prompts}.
   *
   * @param draws rows of {@link #DRAW}
   * @param facts rows of {@link #facts}
   */
  public static Dataset<Row> withDrawn(Dataset<Row> draws, Dataset<Row> facts) {
    Dataset<Row> drawn =
        facts.select(
            col("relation").as("drawn_relation"),
            col("ordinal").as("drawn_ordinal"),
            col("fact_id").as("drawn_fact_id"),
            col("prompts").as("drawn_prompts"));
    return draws
        .join(
            drawn,
            draws
                .col("drawn_relation")
                .equalTo(drawn.col("drawn_relation"))
                .and(draws.col("drawn_ordinal").equalTo(drawn.col("drawn_ordinal"))))
        .groupBy(draws.col("work"), draws.col("relation"), draws.col("fact_id"))
        .agg(
            sort_array(
                    collect_list(
                        struct(
                            draws.col("role"),
                            drawn.col("drawn_relation"),
                            drawn.col("drawn_fact_id"),
                            drawn.col("drawn_prompts"))))
                .as("drawn"));
  }
}
