package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What removing a token does to a trigger's coefficient (section 3.2 of the paper). */
final class PerturbationFindings {
  private PerturbationFindings() {}

  /**
   * @param summary rows of {@code perturbation_summary}
   */
  static List<Finding> of(Dataset<Row> summary, int layers) {
    List<Finding> findings = new ArrayList<>();
    Map<Integer, Double> first = new HashMap<>();
    for (Row row : summary.orderBy(col("removed"), col("layer")).collectAsList()) {
      String removed = row.getString(row.fieldIndex("removed"));
      int layer = row.getInt(row.fieldIndex("layer"));
      String without = "_without_%s_token".formatted(removed);
      String over =
          "%,d triggers; undefined for %,d more"
              .formatted(
                  row.getLong(row.fieldIndex("rows")), row.getLong(row.fieldIndex("undefined")));
      Double mean = number(row, "mean_relative_change");
      findings.add(
          new Finding(
              "mean_relative_change" + without,
              layer,
              mean,
              paperValue(removed, layer, layers),
              "mean of (perturbed coefficient - coefficient) / coefficient over %s; the paper's"
                      .formatted(over)
                  + " numbers are read off a figure"));
      findings.add(
          new Finding(
              "median_relative_change" + without,
              layer,
              number(row, "median_relative_change"),
              null,
              "median of the same over " + over));
      findings.add(
          new Finding(
              "mean_control_change" + without,
              layer,
              number(row, "mean_control_change"),
              null,
              "the baseline: mean change of another neuron of the layer, drawn at random, in units of"
                  + " the trigger's coefficient, over "
                  + over));
      if (removed.equals("first")) {
        first.put(layer, mean);
      } else if (removed.equals("last") && mean != null && first.get(layer) != null) {
        findings.add(
            new Finding(
                "relative_change_without_last_minus_first",
                layer,
                mean - first.get(layer),
                null,
                "difference of the two means; below 0 where the end of a prefix matters more than its"
                    + " beginning, which the paper says of all layers"));
      }
    }
    return findings;
  }

  private static Double number(Row row, String column) {
    int index = row.fieldIndex(column);
    return row.isNullAt(index) ? null : row.getDouble(index);
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
