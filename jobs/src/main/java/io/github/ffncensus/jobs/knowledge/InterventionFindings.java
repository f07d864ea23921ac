package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What suppressing and amplifying neurons does (section 4.2 of Dai et al. 2022). */
final class InterventionFindings {
  private static final String GRADIENTS = "integrated_gradients";
  private static final String BASELINE = "activation";

  private static final String SUPPRESS = "suppress";
  private static final String AMPLIFY = "amplify";
  private static final String OWN = "own";

  /** The paper's method and facts first, then what stands beside them. */
  private static final Comparator<Setting> ORDER =
      Comparator.comparing((Setting setting) -> !setting.method.equals(GRADIENTS))
          .thenComparing(setting -> !setting.target.equals(OWN))
          .thenComparing(Setting::target)
          .thenComparing(setting -> !setting.operation.equals(SUPPRESS))
          .thenComparing(Setting::operation)
          .thenComparing(Setting::method);

  /** Ratios of BERT-base-cased, at the prompts of the neurons' own facts. */
  private static final Map<Setting, Published> PUBLISHED = published();

  private InterventionFindings() {}

  private static Map<Setting, Published> published() {
    Map<Setting, Published> published = new TreeMap<>(ORDER);
    published.put(new Setting(GRADIENTS, SUPPRESS, OWN), Published.verified(-0.2903));
    published.put(new Setting(GRADIENTS, AMPLIFY, OWN), Published.verified(0.3117));
    published.put(new Setting(BASELINE, SUPPRESS, OWN), Published.verified(-0.0147));
    published.put(new Setting(BASELINE, AMPLIFY, OWN), Published.verified(-0.0127));
    return published;
  }

  /** The published numbers beside nothing. */
  static List<Finding> missing(String why) {
    List<Finding> findings = new ArrayList<>();
    PUBLISHED.forEach(
        (setting, published) -> findings.add(published.finding(setting.name(""), null, why)));
    return findings;
  }

  /**
   * Of the paper's two operations, by target and method: ratios of means within relations, then
   * their mean.
   *
   * @param interventions rows of {@code fact_interventions}
   */
  static List<Finding> of(Dataset<Row> interventions) {
    Column neurons = col("neurons").gt(0);
    Map<Setting, Ratios> settings = new TreeMap<>(ORDER);
    PUBLISHED.keySet().forEach(setting -> settings.put(setting, new Ratios()));
    for (Row row :
        interventions
            .filter(col("factor").isin(0.0, 2.0))
            .groupBy("method", "operation", "target", "relation")
            .agg(
                exact(col("probability_before")),
                exact(col("probability_after")),
                exact(when(neurons, col("probability_before"))),
                exact(when(neurons, col("probability_after"))),
                count(lit(1)),
                sum(when(col("flipped"), 1L).otherwise(0L)))
            .orderBy("method", "operation", "target", "relation")
            .collectAsList()) {
      settings
          .computeIfAbsent(
              new Setting(row.getString(0), row.getString(1), row.getString(2)),
              setting -> new Ratios())
          .add(row);
    }
    List<Finding> findings = new ArrayList<>();
    settings.forEach((setting, ratios) -> ratios.report(setting, findings));
    return findings;
  }

  /** A sum that does not depend on the order of addition. */
  private static Column exact(Column value) {
    return sum(value.cast("decimal(30,28)")).cast("double");
  }

  private record Setting(String method, String operation, String target) {

    private String name(String what) {
      String suffix = method.equals(BASELINE) ? "_by_" + BASELINE : "";
      return "%s_of_%s%s%s".formatted(operation, target, what, suffix);
    }

    private Finding finding(Double value, String detail) {
      Published published = PUBLISHED.get(this);
      return published == null
          ? Finding.of(name(""), value, null, detail)
          : published.finding(name(""), value, detail);
    }
  }

  /** Sums over relations. */
  private static final class Ratios {
    private double ratios;
    private int relations;
    private double ratiosWithNeurons;
    private int relationsWithNeurons;
    private double partsOfRoom;
    private long prompts;
    private long flipped;

    void add(Row row) {
      ratios += ratio(row.getDouble(4), row.getDouble(5));
      relations++;
      double room = row.getLong(8) - row.getDouble(4);
      partsOfRoom += room <= 0 ? 0 : (row.getDouble(5) - row.getDouble(4)) / room;
      if (!row.isNullAt(6)) {
        ratiosWithNeurons += ratio(row.getDouble(6), row.getDouble(7));
        relationsWithNeurons++;
      }
      prompts += row.getLong(8);
      flipped += row.getLong(9);
    }

    private static double ratio(double before, double after) {
      return before == 0 ? 0 : (after - before) / before;
    }

    void report(Setting setting, List<Finding> findings) {
      if (relations == 0) {
        findings.add(
            setting.finding(null, "intervene.factors lacks the factor, or there is no fact"));
        return;
      }
      findings.add(
          setting.finding(
              ratios / relations,
              "change of the answer's probability: a relation's mean change over its mean, then the mean over %,d relations; %,d prompts, facts without neurons included"
                  .formatted(relations, prompts)));
      findings.add(
          Finding.of(
              setting.name("_with_neurons"),
              relationsWithNeurons == 0 ? null : ratiosWithNeurons / relationsWithNeurons,
              null,
              "the same of facts that have neurons"));
      if (setting.operation.equals(AMPLIFY)) {
        findings.add(
            Finding.of(
                setting.name("_of_possible"),
                partsOfRoom / relations,
                null,
                "the change as a part of what the probability could still rise, to 1: where answers are nearly certain, it cannot rise by much; mean over relations"));
      }
      findings.add(
          Finding.of(
              setting.name("_flips"),
              (double) flipped / prompts,
              null,
              "share of %,d prompts whose first choice becomes another".formatted(prompts)));
    }
  }
}
