package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.median;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Whether values and output embedding live in one space, which the paper assumes and calls naive:
 * agreement, ranks and cosines under each linear lens.
 */
final class LensFindings {
  private LensFindings() {}

  /**
   * @param lenses rows of {@code value_lenses}
   */
  static List<Finding> of(Dataset<Row> lenses, int hidden, int vocabulary) {
    List<Finding> findings = new ArrayList<>();
    double chance = Math.sqrt(2 * Math.log(vocabulary) / hidden);
    Map<List<Object>, Double> shuffled =
        ShuffledPairs.rates(
            lenses.filter(col("agrees").isNotNull()),
            col("top_token_id"),
            col("trigger_next_token_id"),
            "lens",
            "layer");
    for (Row row :
        lenses
            .groupBy("lens", "layer")
            .agg(
                count(col("agrees")),
                avg(when(col("agrees"), 1.0).when(col("agrees").isNotNull(), 0.0)),
                median(col("next_token_rank")),
                avg("max_cosine"))
            .orderBy("lens", "layer")
            .collectAsList()) {
      String lens = row.getString(0);
      String over = "%,d neurons whose strongest trigger has a target".formatted(row.getLong(2));
      add(
          findings,
          "agreement_rate_under_%s_lens".formatted(lens),
          row,
          3,
          "share of " + over + " whose value's top token under this lens is that target");
      if (row.getLong(2) > 0) {
        findings.add(
            new Finding(
                "agreement_rate_of_shuffled_pairs_under_%s_lens".formatted(lens),
                row.getInt(1),
                shuffled.get(List.of(lens, row.getInt(1))),
                null,
                "the same if values and targets of the layer were paired at random"));
      }
      add(
          findings,
          "next_token_rank_median_under_%s_lens".formatted(lens),
          row,
          4,
          "median over " + over);
      add(
          findings,
          "max_cosine_under_%s_lens".formatted(lens),
          row,
          5,
          "mean over the layer's values of the largest cosine with a row of the output embedding;"
              + " about %.2f for random vectors".formatted(chance));
    }
    sameToken(lenses, findings);
    return findings;
  }

  private static void sameToken(Dataset<Row> lenses, List<Finding> findings) {
    for (Row row :
        lenses
            .filter(col("top_token_id").isNotNull())
            .groupBy("layer", "neuron")
            .agg(countDistinct("top_token_id").as("tokens"), count(lit(1)).as("lenses"))
            .filter(col("lenses").gt(1))
            .groupBy("layer")
            .agg(count(lit(1)), avg(when(col("tokens").equalTo(1), 1.0).otherwise(0.0)))
            .orderBy("layer")
            .collectAsList()) {
      findings.add(
          new Finding(
              "lenses_agree_on_top_token",
              row.getInt(0),
              row.getDouble(2),
              null,
              "share of the layer's %,d values whose top token is the same under every lens, those without one left out"
                  .formatted(row.getLong(1))));
    }
  }

  private static void add(List<Finding> findings, String name, Row row, int column, String detail) {
    if (!row.isNullAt(column)) {
      findings.add(new Finding(name, row.getInt(1), row.getDouble(column), null, detail));
    }
  }
}
