package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.Architecture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** How often neurons are active, and where in a sequence their triggers stand. */
final class TriggerFindings {
  private static final String STATS = "neuron_stats";
  private static final String TRIGGERS = "trigger_prefixes";

  private TriggerFindings() {}

  static List<Finding> of(StageContext context) {
    List<Finding> findings = new ArrayList<>();
    if (context.has(STATS)) {
      activeFractions(context.rows(STATS), findings);
    }
    if (context.has(TRIGGERS)) {
      triggers(context, findings);
    }
    return findings;
  }

  private static void activeFractions(Dataset<Row> stats, List<Finding> findings) {
    for (Row row :
        stats
            .groupBy("layer")
            .agg(
                avg("active_fraction"),
                avg(when(col("active_fraction").equalTo(0), 1.0).otherwise(0.0)))
            .orderBy("layer")
            .collectAsList()) {
      findings.add(
          new Finding(
              "active_fraction_of_corpus",
              row.getInt(0),
              row.getDouble(1),
              null,
              "mean over the layer's neurons of the share of all text tokens with coefficient > 0;"
                  + " the paper: 0.1 to 0.5 by layer"));
      findings.add(
          new Finding(
              "neurons_never_active",
              row.getInt(0),
              row.getDouble(2),
              null,
              "share of the layer's neurons whose coefficient is > 0 on no text token"));
    }
  }

  private static void triggers(StageContext context, List<Finding> findings) {
    Dataset<Row> positive =
        context.rows(TRIGGERS).filter(col("polarity").equalTo("positive")).cache();
    try {
      findings.addAll(
          ofTriggers(positive, firstTextPosition(context), context.model().architecture()));
    } finally {
      positive.unpersist();
    }
  }

  /**
   * @param positive rows of {@code trigger_prefixes}
   * @param first position of the first text token
   */
  static List<Finding> ofTriggers(Dataset<Row> positive, int first, Architecture architecture) {
    List<Finding> findings = new ArrayList<>();
    int neurons = architecture.intermediate();
    Map<Integer, Row> byLayer = new HashMap<>();
    positive
        .groupBy("layer")
        .agg(
            countDistinct("neuron"),
            count(lit(1)),
            sum(when(col("position").equalTo(first), 1L).otherwise(0L)))
        .collectAsList()
        .forEach(row -> byLayer.put(row.getInt(0), row));
    // A layer of dead neurons has no triggers, which is a finding.
    for (int layer = 0; layer < architecture.layers(); layer++) {
      Row row = byLayer.get(layer);
      long triggers = row == null ? 0 : row.getLong(2);
      findings.add(
          new Finding(
              "neurons_with_triggers",
              layer,
              row == null ? 0 : row.getLong(1) / (double) neurons,
              null,
              "share of the layer's %,d neurons with a positive trigger".formatted(neurons)));
      findings.add(
          new Finding(
              "triggers_at_first_token",
              layer,
              row == null ? null : Double.valueOf(row.getLong(3) / (double) triggers),
              null,
              "share of %,d positive triggers whose prefix is a sequence's first text token alone"
                  .formatted(triggers)));
    }
    return findings;
  }

  /** Special tokens that a tokenizer puts in front are as many in every sequence. */
  private static int firstTextPosition(StageContext context) {
    List<Integer> starts = context.rows("sequences").select("token_starts").first().getList(0);
    int position = 0;
    while (position < starts.size() && starts.get(position) < 0) {
      position++;
    }
    return position;
  }
}
