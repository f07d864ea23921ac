package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What removing a token does to a trigger's coefficient (section 3.2 of the paper). */
final class PerturbationFindings {
  static final String TABLE = "trigger_perturbations";

  private PerturbationFindings() {}

  /**
   * @param perturbations rows of {@code trigger_perturbations}
   */
  static List<Finding> of(Dataset<Row> perturbations, int layers) {
    List<Finding> findings = new ArrayList<>();
    for (Row row :
        perturbations
            .groupBy("removed", "layer")
            .agg(avg("relative_change"), count(lit(1)))
            .orderBy("removed", "layer")
            .collectAsList()) {
      String removed = row.getString(0);
      int layer = row.getInt(1);
      findings.add(
          new Finding(
              "mean_relative_change_without_%s_token".formatted(removed),
              layer,
              row.getDouble(2),
              paperValue(removed, layer, layers),
              "mean of (perturbed coefficient - coefficient) / coefficient over %,d triggers; the paper's"
                      .formatted(row.getLong(3))
                  + " numbers are read off a figure"));
    }
    return findings;
  }

  /** The first and the last layer compare across depths; those between do not. */
  private static Double paperValue(String removed, int layer, int layers) {
    return switch (removed) {
      case "first" -> -0.125;
      case "random" -> -0.175;
      default -> layer == 0 ? Double.valueOf(-0.675) : layer == layers - 1 ? -0.2 : null;
    };
  }
}
