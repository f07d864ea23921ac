package io.github.ffncensus.jobs.attribute;

import static org.apache.spark.sql.functions.aggregate;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.config.AttributeConfig;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.jobs.task.WriteRows;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Tables {@code knowledge_neurons}, {@code refinement_ratios} and {@code relation_neurons}: from
 * the scores of prompts to the neurons of facts and of relations. One aggregation, of how many
 * prompts of a fact nominate a neuron, answers every round of the search for a ratio.
 */
final class Refinement {
  static final String NEURONS = "knowledge_neurons";
  static final String RATIOS = "refinement_ratios";
  static final String RELATIONS = "relation_neurons";

  /** A neuron of a fact, and how many prompts nominate it. */
  static final String[] SHARES = {
    "prompts_sharing", "prompts", "negative_sharing", "negative_prompts"
  };

  private static final StructType RATIO =
      StructType.fromDDL(
          "relation STRING, ratio DOUBLE, mean_neurons DOUBLE, in_band BOOLEAN, facts INT");

  private Refinement() {}

  static void write(StageContext context) {
    AttributeConfig config = context.config().attribute();
    Dataset<Row> prompts = context.rows(AttributeShard.PROMPTS);
    Dataset<Row> facts = facts(prompts).persist(StorageLevel.MEMORY_AND_DISK());
    Method gradients =
        new Method(
            "integrated_gradients",
            nominations(
                prompts,
                context.rows(AttributeShard.ATTRIBUTIONS),
                "attribution",
                config.integratedGradients().strict()),
            facts,
            config);
    Method activation =
        new Method(
            "activation",
            nominations(
                prompts,
                context.rows(AttributeShard.ACTIVATIONS),
                "activation",
                config.activation().strict()),
            facts,
            config);
    int partitions = context.spark().defaultParallelism();
    Dataset<Row> neurons =
        gradients
            .neurons()
            .unionByName(activation.neurons())
            .repartition(partitions, col("method"), col("relation"))
            .sortWithinPartitions("method", "relation", "fact_id", "layer", "neuron");
    context.made(NEURONS, WriteRows.write(context, NEURONS, neurons));
    Dataset<Row> ratios =
        gradients
            .ratios()
            .unionByName(activation.ratios())
            .coalesce(1)
            .sortWithinPartitions("method", "relation");
    context.made(RATIOS, WriteRows.write(context, RATIOS, ratios));
    Dataset<Row> relations =
        ofRelations(context.rows(NEURONS), facts, config)
            .repartition(partitions, col("method"), col("relation"))
            .sortWithinPartitions("method", "relation", "rank");
    context.made(RELATIONS, WriteRows.write(context, RELATIONS, relations));
    gradients.free();
    activation.free();
    facts.unpersist();
  }

  /** Every fact with its numbers of voting prompts. */
  private static Dataset<Row> facts(Dataset<Row> prompts) {
    Column votes = col("votes");
    return prompts
        .groupBy("relation", "fact_id")
        .agg(
            number(votes.and(not(col("negative")))).as("prompts"),
            number(votes.and(col("negative"))).as("negative_prompts"));
  }

  private static Column number(Column condition) {
    return sum(when(condition, 1).otherwise(0)).cast("int");
  }

  /** The neurons that voting prompts nominate, a row each. */
  private static Dataset<Row> nominations(
      Dataset<Row> prompts, Dataset<Row> scores, String score, boolean strict) {
    Column value = col(score).cast("double");
    Column threshold = col(score + "_threshold");
    return scores
        .select("relation", "fact_id", "prompt_id", "layer", "neuron", score)
        .join(
            prompts
                .filter(col("votes"))
                .select("relation", "fact_id", "prompt_id", "negative", score + "_threshold"),
            AttributeColumns.prompt())
        .filter(strict ? value.gt(threshold) : value.geq(threshold))
        .withColumn("score", value);
  }

  /** What one method makes of its nominations. */
  private static final class Method {
    private final String name;
    private final Dataset<Row> shared;
    private final Dataset<Row> ratios;
    private final AttributeConfig config;

    Method(String name, Dataset<Row> nominations, Dataset<Row> facts, AttributeConfig config) {
      this.name = name;
      this.config = config;
      this.shared = shared(nominations, facts).persist(StorageLevel.MEMORY_AND_DISK());
      this.ratios = ratios(facts).persist(StorageLevel.MEMORY_AND_DISK());
    }

    private static Dataset<Row> shared(Dataset<Row> nominations, Dataset<Row> facts) {
      Column positive = when(not(col("negative")), struct(col("prompt_id"), col("score")));
      return nominations
          .groupBy("relation", "fact_id", "layer", "neuron")
          .agg(
              number(not(col("negative"))).as("prompts_sharing"),
              number(col("negative")).as("negative_sharing"),
              // In a fixed order, or the sum's last bits would depend on the cluster.
              sort_array(collect_list(positive)).as("scores"))
          .filter(col("prompts_sharing").gt(0))
          .withColumn("mean_attribution", mean("scores", "score"))
          .drop("scores")
          .join(facts, AttributeColumns.fact());
    }

    private Dataset<Row> ratios(Dataset<Row> facts) {
      Dataset<Row> bars =
          shared
              .groupBy(
                  col("relation"), col(SHARES[0]), col(SHARES[1]), col(SHARES[2]), col(SHARES[3]))
              .agg(count(lit(1)).as("neurons"))
              .groupBy("relation")
              .agg(
                  collect_list(
                          struct(
                              col(SHARES[0]),
                              col(SHARES[1]),
                              col(SHARES[2]),
                              col(SHARES[3]),
                              col("neurons")))
                      .as("bars"));
      return facts
          .groupBy("relation")
          .agg(count(lit(1)).as("facts"))
          .join(bars, new String[] {"relation"}, "left")
          .select("relation", "facts", "bars")
          .map(
              (MapFunction<Row, Row>) new FindRatio(config.search(), config.sharing()),
              Encoders.row(RATIO));
    }

    Dataset<Row> ratios() {
      return ratios.withColumn("method", lit(name));
    }

    Dataset<Row> neurons() {
      return shared
          .join(ratios.select("relation", "ratio"), "relation")
          .filter((FilterFunction<Row>) new Kept(config.sharing()))
          .select(
              lit(name).as("method"),
              col("relation"),
              col("fact_id"),
              col("layer"),
              col("neuron"),
              col("prompts_sharing"),
              col("prompts"),
              col("mean_attribution"));
    }

    void free() {
      shared.unpersist();
      ratios.unpersist();
    }
  }

  private static Dataset<Row> ofRelations(
      Dataset<Row> neurons, Dataset<Row> facts, AttributeConfig config) {
    Column ranking =
        row_number()
            .over(
                Window.partitionBy("method", "relation")
                    .orderBy(
                        col("facts_sharing").desc(),
                        col("mean_attribution").desc(),
                        col("layer"),
                        col("neuron")));
    // A share of 0.1 is 3 of 30 facts: whole numbers, for 0.1 * 30 is more than 3.
    long parts = 1_000_000;
    long least = Math.round(parts * config.relationNeurons().minShare());
    return neurons
        .groupBy("method", "relation", "layer", "neuron")
        .agg(
            count(lit(1)).cast("int").as("facts_sharing"),
            sort_array(collect_list(struct(col("fact_id"), col("mean_attribution")))).as("means"))
        .withColumn("mean_attribution", mean("means", "mean_attribution"))
        .drop("means")
        .join(facts.groupBy("relation").agg(count(lit(1)).cast("int").as("facts")), "relation")
        .withColumn("rank", ranking)
        .withColumn(
            "in_relation_set",
            col("facts_sharing").multiply(parts).geq(col("facts").multiply(least)));
  }

  /** Of a field of the structures in a list, added in their order. */
  private static Column mean(String list, String field) {
    return aggregate(
        col(list),
        lit(0.0),
        (total, element) -> total.plus(element.getField(field)),
        total -> total.divide(size(col(list))));
  }
}
