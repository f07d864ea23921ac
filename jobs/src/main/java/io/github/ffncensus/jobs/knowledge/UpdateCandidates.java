package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.config.EditConfig;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/** Which facts can be updated, by which neurons, and why the others cannot. */
public final class UpdateCandidates {
  private static final long PARTS = 1_000_000;
  private static final String NOT_DRAWN = "not drawn";
  private static final String NO_OTHER_ANSWER = "no other answer";

  private UpdateCandidates() {}

  /**
   * Facts that can be updated: {@code relation, fact_id, head, ordinal, neurons}, the prompt that
   * an update is judged by ({@code judged, prompt, answer}), and {@code draw}, which orders those
   * of a relation at random.
   *
   * @param facts rows of {@link FactRows#facts}
   * @param neurons rows of {@code knowledge_neurons}, of all methods
   * @param shared rows of {@code relation_neurons}, of all methods
   */
  public static Dataset<Row> of(
      Dataset<Row> facts, Dataset<Row> neurons, Dataset<Row> shared, EditConfig config) {
    return picked(facts, neurons, shared, config).filter(col("obstacle").isNull()).drop("obstacle");
  }

  /**
   * What became of the facts of a run; tables are those of {@link #of}.
   *
   * @param updated facts whose update was made
   */
  static String account(
      Dataset<Row> facts,
      Dataset<Row> neurons,
      Dataset<Row> shared,
      EditConfig config,
      long updated) {
    int most = config.update().factsPerRelation();
    Map<String, Long> counts = new HashMap<>();
    long all = 0;
    for (Row row :
        picked(facts, neurons, shared, config)
            .groupBy("relation", "obstacle")
            .count()
            .collectAsList()) {
      long count = row.getLong(2);
      all += count;
      if (row.isNullAt(1)) {
        counts.merge(NOT_DRAWN, Math.max(0, count - most), Long::sum);
        counts.merge(NO_OTHER_ANSWER, Math.min(count, most), Long::sum);
      } else {
        counts.merge(row.getString(1), count, Long::sum);
      }
    }
    counts.merge(NO_OTHER_ANSWER, -updated, Long::sum);
    return "of %,d facts %,d have no neurons, %,d only such as too many facts of the relation have (edit.update.max-share), %,d are not answered at the drawn prompt, %,d are more than edit.update.facts-per-relation, %,d have no other answer to take whose first token is another, %,d were updated"
        .formatted(
            all,
            counts.getOrDefault(PickUpdate.NO_NEURONS, 0L),
            counts.getOrDefault(PickUpdate.SHARED_NEURONS, 0L),
            counts.getOrDefault(PickUpdate.NOT_ANSWERED, 0L),
            counts.getOrDefault(NOT_DRAWN, 0L),
            counts.getOrDefault(NO_OTHER_ANSWER, 0L),
            updated);
  }

  /** All facts: rows of {@link PickUpdate#PICKED}. */
  private static Dataset<Row> picked(
      Dataset<Row> facts, Dataset<Row> neurons, Dataset<Row> shared, EditConfig config) {
    return facts
        .join(editable(neurons, shared, config), new String[] {"relation", "fact_id"}, "left")
        .map((MapFunction<Row, Row>) new PickUpdate(config), Encoders.row(PickUpdate.PICKED));
  }

  /**
   * Of facts with neurons, those that few of the relation's facts share: {@code relation, fact_id,
   * neurons}.
   */
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
            shared.select(
                col("method"), col("relation"), col("layer"), col("neuron"), kept.as("kept")),
            new String[] {"method", "relation", "layer", "neuron"})
        .groupBy("relation", "fact_id")
        // Nulls are not collected.
        .agg(array_sort(collect_list(when(col("kept"), struct("layer", "neuron")))).as("neurons"));
  }
}
