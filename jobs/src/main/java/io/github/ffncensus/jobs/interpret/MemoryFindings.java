package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.median;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What single memories of the last layer do to a prediction. The paper computes these numbers and
 * reports none of them.
 */
final class MemoryFindings {
  private MemoryFindings() {}

  /**
   * @param positions rows of {@code memory_positions}
   * @param ablations rows of {@code memory_ablations}
   */
  static List<Finding> of(Dataset<Row> positions, Dataset<Row> ablations) {
    List<Finding> findings = new ArrayList<>();
    for (Row row :
        positions
            .groupBy("layer")
            .agg(
                count(lit(1)),
                median(col("residual_rank")),
                avg(oneIf(col("output_voters").gt(0))),
                median(col("median_output_rank")),
                median(col("memories_for_ffn_token")),
                median(col("active_memories")))
            .orderBy("layer")
            .collectAsList()) {
      int layer = row.getInt(0);
      String over = "of %,d sampled positions".formatted(row.getLong(1));
      add(
          findings,
          "residual_rank_among_memories",
          layer,
          row.getDouble(2),
          "median " + over + " of the memories that contribute more than the residual, plus one");
      add(
          findings,
          "output_is_a_memorys_prediction",
          layer,
          row.getDouble(3),
          "share " + over + " where an active memory's value predicts what the model predicts");
      if (!row.isNullAt(4)) {
        add(
            findings,
            "output_rank_in_active_values",
            layer,
            row.getDouble(4),
            "median "
                + over
                + " of the median rank of the model's prediction in the active memories' values");
      }
      if (!row.isNullAt(5)) {
        add(
            findings,
            "memories_for_ffn_token",
            layer,
            row.getDouble(5),
            "median "
                + over
                + " of how many memories, those that contribute most first, add up to the FFN's top"
                + " token; active are %,.0f".formatted(row.getDouble(6)));
      }
    }
    removals(ablations, findings);
    return findings;
  }

  private static void removals(Dataset<Row> ablations, List<Finding> findings) {
    for (Row row :
        ablations
            .filter(col("rank").equalTo(1))
            .groupBy("layer")
            .agg(
                count(lit(1)), avg("log_probability_change"), avg(oneIf(col("changes_prediction"))))
            .orderBy("layer")
            .collectAsList()) {
      String over = "%,d sampled positions".formatted(row.getLong(1));
      add(
          findings,
          "log_probability_change_without_strongest_memory",
          row.getInt(0),
          row.getDouble(2),
          "mean over " + over + ", in nats, of the model's prediction; negative is support");
      add(
          findings,
          "prediction_changes_without_strongest_memory",
          row.getInt(0),
          row.getDouble(3),
          "share of " + over);
    }
    for (Row row :
        ablations
            .groupBy("layer", "sequence_id", "position")
            .agg(max(oneIf(col("changes_prediction"))).as("some"), max("rank").as("memories"))
            .groupBy("layer")
            .agg(count(lit(1)), avg("some"), max("memories"))
            .orderBy("layer")
            .collectAsList()) {
      add(
          findings,
          "prediction_hangs_on_one_memory",
          row.getInt(0),
          row.getDouble(2),
          "share of %,d sampled positions where the model predicts another token without one of the %,d strongest memories"
              .formatted(row.getLong(1), row.getInt(3)));
    }
  }

  private static void add(
      List<Finding> findings, String name, int layer, double value, String detail) {
    findings.add(
        new Finding(
            name, layer, value, null, detail + "; the paper computes this and does not report it"));
  }

  private static Column oneIf(Column condition) {
    return when(condition, 1.0).otherwise(0.0);
  }
}
