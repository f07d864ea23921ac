package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.median;
import static org.apache.spark.sql.functions.ntile;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/** Whether value vectors predict what follows their keys' triggers (section 4 of the paper). */
final class ValueFindings {
  static final String TABLE = "value_predictions";
  private static final int TOP_VALUES = 100;
  private static final int TENTHS = 10;

  /** The paper's 97 of 100 lie in layers 11 to 16 of 16. */
  private static final double UPPER = 10 / 16.0;

  private ValueFindings() {}

  /**
   * @param predictions rows of {@code value_predictions}
   */
  static List<Finding> of(Dataset<Row> predictions, int layers, int vocabulary) {
    List<Finding> findings = new ArrayList<>();
    Dataset<Row> answered = predictions.filter(col("agrees").isNotNull());
    agreementByLayer(answered, layers, findings);
    findings.add(
        new Finding(
            "agreement_rate_by_guessing",
            null,
            1.0 / vocabulary,
            4e-6,
            "1 / vocabulary of %,d tokens".formatted(vocabulary)));
    agreementByProbability(answered, findings);
    topValues(predictions, layers, findings);
    return findings;
  }

  private static void agreementByLayer(Dataset<Row> answered, int layers, List<Finding> findings) {
    Map<List<Object>, Double> shuffled =
        ShuffledPairs.rates(answered, col("top_token_id"), col("trigger_next_token_id"), "layer");
    for (Row row :
        answered
            .groupBy("layer")
            .agg(count(lit(1)), avg(oneIf(col("agrees"))), median(col("next_token_rank")))
            .orderBy("layer")
            .collectAsList()) {
      int layer = row.getInt(0);
      String over = "of %,d neurons whose strongest trigger has a target".formatted(row.getLong(1));
      findings.add(
          new Finding(
              "agreement_rate",
              layer,
              row.getDouble(2),
              layer == layers - 1 ? 0.035 : null,
              "share "
                  + over
                  + " whose value's top token is that target; the paper: near 0 in layers 1 to 10 of"
                  + " 16, then rising to 0.035"));
      findings.add(
          new Finding(
              "agreement_rate_of_shuffled_pairs",
              layer,
              shuffled.get(List.of(layer)),
              null,
              "the same if values and targets of the layer were paired at random"));
      findings.add(
          new Finding(
              "next_token_rank_median",
              layer,
              row.isNullAt(3) ? null : Double.valueOf(row.getDouble(3)),
              null,
              "median "
                  + over
                  + "; the paper, read off a figure: 10,000 to 15,000 of 267,744 low"
                  + " down, under 2,000 at the top"));
    }
  }

  private static void agreementByProbability(Dataset<Row> answered, List<Finding> findings) {
    Dataset<Row> tenths =
        answered.withColumn(
            "tenth", ntile(TENTHS).over(Window.orderBy("max_probability", "layer", "neuron")));
    Map<List<Object>, Double> shuffled =
        ShuffledPairs.rates(tenths, col("top_token_id"), col("trigger_next_token_id"), "tenth");
    for (Row row :
        tenths
            .groupBy("tenth")
            .agg(avg("max_probability"), avg(oneIf(col("agrees"))), count(lit(1)))
            .orderBy("tenth")
            .collectAsList()) {
      int tenth = row.getInt(0);
      String name = "agreement_rate_tenth_%02d".formatted(tenth);
      findings.add(
          new Finding(
              name + "_by_max_probability",
              null,
              row.getDouble(2),
              null,
              "tenth %d of 10 of the values by their largest probability, mean %.3g, %,d neurons;"
                      .formatted(tenth, row.getDouble(1), row.getLong(3))
                  + " the paper, off a figure: about 0 at 8.9e-5, rising to about 0.95 at 4e-4"));
      findings.add(
          new Finding(
              name + "_of_shuffled_pairs",
              null,
              shuffled.get(List.of(tenth)),
              null,
              "the same if values and targets of the tenth were paired at random"));
    }
  }

  private static void topValues(Dataset<Row> predictions, int layers, List<Finding> findings) {
    int upper = (int) Math.round(layers * UPPER);
    Dataset<Row> top =
        predictions
            .orderBy(col("max_probability").desc(), col("layer"), col("neuron"))
            .limit(TOP_VALUES);
    Row row =
        top.agg(
                avg(oneIf(col("layer").geq(upper))),
                avg(oneIf(col("agreement_count").gt(0))),
                count(lit(1)),
                avg(when(col("targets").gt(0), col("agreement_count").divide(col("targets")))))
            .first();
    if (row.getLong(2) == 0) {
      return;
    }
    String which = "of the %d values with the largest probability".formatted(row.getLong(2));
    findings.add(
        new Finding(
            "top_values_in_upper_layers",
            null,
            row.getDouble(0),
            0.97,
            "share %s that lie in layers %d to %d".formatted(which, upper, layers - 1)));
    for (Row layer : top.groupBy("layer").count().orderBy("layer").collectAsList()) {
      findings.add(
          new Finding(
              "top_values_by_layer",
              layer.getInt(0),
              layer.getLong(1) / (double) row.getLong(2),
              null,
              "share %s that lie in this layer".formatted(which)));
    }
    findings.add(
        new Finding(
            "top_values_with_an_agreeing_trigger",
            null,
            row.getDouble(1),
            0.46,
            "share "
                + which
                + " whose top token is the target of one of the key's triggers (the paper: of 50)"));
    findings.add(
        new Finding(
            "top_values_with_an_agreeing_trigger_of_all",
            null,
            predictions.agg(avg(oneIf(col("agreement_count").gt(0)))).first().getDouble(0),
            null,
            "the same share of all values: the baseline"));
    if (!row.isNullAt(3)) {
      findings.add(
          new Finding(
              "top_values_precision_of_all",
              null,
              predictions
                  .agg(
                      avg(
                          when(
                              col("targets").gt(0), col("agreement_count").divide(col("targets")))))
                  .first()
                  .getDouble(0),
              null,
              "the mean of top_values_precision over all values: the baseline"));
      findings.add(
          new Finding(
              "top_values_precision",
              null,
              row.getDouble(3),
              null,
              "mean over those "
                  + which
                  + " that have triggers with a target of the share of these whose target is the top token;"
                  + " the paper's examples: 0.04 to 0.92"));
    }
  }

  private static Column oneIf(Column condition) {
    return when(condition, 1.0).otherwise(0.0);
  }
}
