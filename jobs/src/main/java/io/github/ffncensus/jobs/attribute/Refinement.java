package io.github.ffncensus.jobs.attribute;

import static org.apache.spark.sql.functions.aggregate;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
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
import java.util.stream.Stream;
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
          "method STRING, relation STRING, ratio DOUBLE, mean_neurons DOUBLE, in_band BOOLEAN, facts INT");

  private Refinement() {}

  static void write(StageContext context) {
    AttributeConfig config = context.config().attribute();
    Dataset<Row> prompts = context.rows(AttributeShard.PROMPTS);
    Dataset<Row> facts = facts(prompts).persist(StorageLevel.MEMORY_AND_DISK());
    Dataset<Row> nominations =
        nominations(
                prompts,
                context.rows(AttributeShard.ATTRIBUTIONS),
                "attribution",
                config.integratedGradients().strict(),
                "integrated_gradients")
            .unionByName(
                nominations(
                    prompts,
                    context.rows(AttributeShard.ACTIVATIONS),
                    "activation",
                    config.activation().strict(),
                    "activation"));
    Dataset<Row> shared = shared(nominations, facts).persist(StorageLevel.MEMORY_AND_DISK());
    int partitions = context.spark().defaultParallelism();
    Dataset<Row> ratios = ratios(shared, facts, config).coalesce(1);
    context.made(
        RATIOS,
        WriteRows.write(context, RATIOS, ratios.sortWithinPartitions("method", "relation")));
    Dataset<Row> neurons =
        shared
            .join(context.rows(RATIOS).select("method", "relation", "ratio"), ofRelation())
            .filter((FilterFunction<Row>) new Kept(config.sharing()))
            .repartition(partitions, col("method"), col("relation"))
            .sortWithinPartitions("method", "relation", "fact_id", "layer", "neuron");
    context.made(NEURONS, WriteRows.write(context, NEURONS, neurons));
    Dataset<Row> relations =
        ofRelations(context.rows(NEURONS), facts, config)
            .repartition(partitions, col("method"), col("relation"))
            .sortWithinPartitions("method", "relation", "rank");
    context.made(RELATIONS, WriteRows.write(context, RELATIONS, relations));
    shared.unpersist();
    facts.unpersist();
  }

  private static String[] ofRelation() {
    return new String[] {"method", "relation"};
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
      Dataset<Row> prompts, Dataset<Row> scores, String score, boolean strict, String method) {
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
        .select(
            lit(method).as("method"),
            col("relation"),
            col("fact_id"),
            col("prompt_id"),
            col("layer"),
            col("neuron"),
            col("negative"),
            value.as("score"));
  }

  /** The neurons of facts, and how many of the fact's prompts nominate them. */
  private static Dataset<Row> shared(Dataset<Row> nominations, Dataset<Row> facts) {
    Column positive = when(not(col("negative")), struct(col("prompt_id"), col("score")));
    return nominations
        .groupBy("method", "relation", "fact_id", "layer", "neuron")
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

  /** A row per method and relation, also where no prompt nominates anything. */
  private static Dataset<Row> ratios(
      Dataset<Row> shared, Dataset<Row> facts, AttributeConfig config) {
    Column[] shares = Stream.of(SHARES).map(name -> col(name)).toArray(Column[]::new);
    Column[] bar =
        Stream.of(SHARES, new String[] {"neurons"})
            .flatMap(Stream::of)
            .map(name -> col(name))
            .toArray(Column[]::new);
    Dataset<Row> bars =
        shared
            .groupBy(
                Stream.concat(Stream.of(col("method"), col("relation")), Stream.of(shares))
                    .toArray(Column[]::new))
            .agg(count(lit(1)).as("neurons"))
            .groupBy("method", "relation")
            .agg(collect_list(struct(bar)).as("bars"));
    return facts
        .groupBy("relation")
        .agg(count(lit(1)).as("facts"))
        .withColumn("method", explode(array(lit("integrated_gradients"), lit("activation"))))
        .join(bars, ofRelation(), "left")
        .select("method", "relation", "facts", "bars")
        .map(
            (MapFunction<Row, Row>) new FindRatio(config.search(), config.sharing()),
            Encoders.row(RATIO));
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
