package io.github.ffncensus.jobs.knowledge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.task.Finding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ratios of interventions, worked out by hand. */
class InterventionFindingsTest {
  private static final String GRADIENTS = "integrated_gradients";
  private static final StructType COLUMNS =
      StructType.fromDDL(
          "method STRING, relation STRING, target STRING, operation STRING, factor DOUBLE,"
              + " neurons INT, probability_before DOUBLE, probability_after DOUBLE,"
              + " answer_rank_before INT, answer_rank_after INT, flipped BOOLEAN");

  @TempDir static Path folder;
  private static SparkSession spark;
  private final List<Row> rows = new ArrayList<>();

  @BeforeAll
  static void start() {
    spark = TestSpark.start("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /** Two relations of three prompts and one; a fact without neurons; one whose P is 0. */
  private void relations() {
    suppressed("a", 2, 0.5, 0.25, true);
    suppressed("a", 0, 0.25, 0.25, false);
    suppressed("a", 1, 0, 0, false);
    suppressed("b", 1, 0.5, 0.6, false);
    // Not the paper's operations.
    row(GRADIENTS, "a", "own", 0.5, 2, 0.5, 0.01, true);
    row(GRADIENTS, "a", "own", 10, 2, 0.5, 0.99, true);
    // Others.
    row(GRADIENTS, "a", "random_neurons", 0, 2, 0.5, 0.4, false);
    row("activation", "a", "own", 2, 3, 0.25, 0.5, true);
  }

  private void suppressed(
      String relation, int neurons, double before, double after, boolean flipped) {
    row(GRADIENTS, relation, "own", 0, neurons, before, after, flipped);
  }

  private void row(
      String method,
      String relation,
      String target,
      double factor,
      int neurons,
      double before,
      double after,
      boolean flipped) {
    String operation = factor < 1 ? "suppress" : "amplify";
    rows.add(
        RowFactory.create(
            method, relation, target, operation, factor, neurons, before, after, 1, 1, flipped));
  }

  @Test
  void ratios_areOfMeansWithinARelation_thenTheirMean() {
    relations();
    Map<String, Finding> found = findings();
    // a: 0.75 -> 0.5, b: 0.5 -> 0.6.
    check(found, "suppress_of_own", (-0.25 / 0.75 + 0.2) / 2, -0.2903);
    check(found, "suppress_of_own_with_neurons", (-0.5 + 0.2) / 2, null);
    check(found, "suppress_of_own_flips", 0.25, null);
    assertThat(found.get("suppress_of_own").detail()).contains("2 relations", "4 prompts");
    check(found, "suppress_of_random_neurons", -0.2, null);
    check(found, "amplify_of_own_by_activation", 1, -0.0127);
    // 0.25 of the 0.75 up to 1.
    check(found, "amplify_of_own_of_possible_by_activation", 1.0 / 3, null);
    assertThat(found).doesNotContainKey("suppress_of_own_of_possible");
    assertThat(new ArrayList<>(found.keySet()))
        .as("the paper's first")
        .containsSubsequence(
            "suppress_of_own",
            "amplify_of_own",
            "suppress_of_random_neurons",
            "suppress_of_own_by_activation",
            "amplify_of_own_by_activation");
    // Not tried, and published.
    assertThat(found.get("amplify_of_own").value()).isNull();
    assertThat(found.get("amplify_of_own").paperValue()).isEqualTo(0.3117);
    assertThat(found.get("suppress_of_own_by_activation").value()).isNull();
    assertThat(found.get("suppress_of_own_by_activation").paperValue()).isEqualTo(-0.0147);
  }

  @Test
  void withoutNeurons_orWithP0_nothingIsDivided() {
    suppressed("a", 0, 0, 0, false);
    Map<String, Finding> found = findings();
    check(found, "suppress_of_own", 0, -0.2903);
    assertThat(found.get("suppress_of_own_with_neurons").value()).isNull();
  }

  @Test
  void views_haveTheSameRatios_andMeansOfRatios() {
    relations();
    spark
        .createDataFrame(rows, COLUMNS)
        .selectExpr("*", "'r' AS run_id")
        .createOrReplaceTempView("fact_interventions");
    Row ofA = own(SqlViews.view(spark, "intervention_ratios").filter("relation = 'a'"));
    assertThat(ofA.<Double>getAs("ratio_of_means")).isCloseTo(-1.0 / 3, within(1e-12));
    assertThat(ofA.<Double>getAs("ratio_of_means_with_neurons")).isCloseTo(-0.5, within(1e-12));
    assertThat(ofA.<Double>getAs("mean_of_ratios"))
        .as("of two prompts, for one has P = 0")
        .isCloseTo(-0.25, within(1e-12));
    Row summary = own(SqlViews.view(spark, "intervention_summary"));
    assertThat(summary.<Double>getAs("ratio_of_means"))
        .isCloseTo((-1.0 / 3 + 0.2) / 2, within(1e-12));
    assertThat(summary.<Double>getAs("mean_of_ratios")).isCloseTo(-0.025, within(1e-12));
  }

  @Test
  void viewOfARelationWithP0_hasNoRatio() {
    suppressed("a", 1, 0, 0, false);
    spark
        .createDataFrame(rows, COLUMNS)
        .selectExpr("*", "'r' AS run_id")
        .createOrReplaceTempView("fact_interventions");
    Row ratios = own(SqlViews.view(spark, "intervention_ratios"));
    for (String column :
        List.of("ratio_of_means", "ratio_of_means_with_neurons", "mean_of_ratios")) {
      assertThat(ratios.<Double>getAs(column)).as(column).isNull();
    }
  }

  private static Row own(Dataset<Row> view) {
    return view.filter(
            "method = 'integrated_gradients' AND target = 'own' AND operation = 'suppress'"
                + " AND factor = 0")
        .first();
  }

  private static void check(
      Map<String, Finding> found, String name, double value, Double paperValue) {
    assertThat(found).containsKey(name);
    assertThat(found.get(name).value()).as(name).isCloseTo(value, within(1e-12));
    assertThat(found.get(name).paperValue()).as(name).isEqualTo(paperValue);
  }

  private Map<String, Finding> findings() {
    Map<String, Finding> found = new LinkedHashMap<>();
    InterventionFindings.of(spark.createDataFrame(rows, COLUMNS).repartition(3))
        .forEach(finding -> found.put(finding.finding(), finding));
    return found;
  }
}
