package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.task.Finding;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Findings over made-up changes of three layers. */
class PerturbationFindingsTest {
  private static final int LAYERS = 3;

  private static final StructType SCHEMA =
      StructType.fromDDL(
          "layer INT, removed STRING, rows BIGINT, undefined BIGINT, mean_relative_change DOUBLE,"
              + " median_relative_change DOUBLE, mean_control_change DOUBLE");

  @TempDir Path folder;

  @Test
  void findings_areThoseOfTheirLayerAndToken() {
    List<Row> rows =
        IntStream.range(0, LAYERS)
            .boxed()
            .flatMap(
                layer ->
                    List.of("random", "last", "first").stream()
                        .map(
                            removed ->
                                RowFactory.create(
                                    layer,
                                    removed,
                                    40L,
                                    2L,
                                    mean(removed, layer),
                                    mean(removed, layer) / 2,
                                    mean(removed, layer) / 10)))
            .toList();
    List<Finding> findings = findings(rows);
    for (int layer = 0; layer < LAYERS; layer++) {
      for (String removed : List.of("first", "last", "random")) {
        double mean = mean(removed, layer);
        String name = "_change_without_" + removed + "_token";
        assertValue(findings, "mean_relative" + name, layer, mean);
        assertValue(findings, "median_relative" + name, layer, mean / 2);
        assertValue(findings, "mean_control" + name, layer, mean / 10);
        assertThat(find(findings, "median_relative" + name, layer).paperValue()).isNull();
      }
      assertValue(
          findings,
          "relative_change_without_last_minus_first",
          layer,
          mean("last", layer) - mean("first", layer));
      assertPaper(findings, "first", layer, -0.125);
      assertPaper(findings, "random", layer, -0.175);
    }
    assertPaper(findings, "last", 0, -0.675);
    assertPaper(findings, "last", 1, null);
    assertPaper(findings, "last", 2, -0.2);
  }

  @Test
  void layerWithoutTriggers_hasNoValues() {
    List<Finding> findings =
        findings(
            List.of(
                RowFactory.create(0, "first", 0L, 5L, null, null, null),
                RowFactory.create(0, "last", 0L, 5L, null, null, null)));
    assertThat(findings)
        .hasSize(6)
        .allSatisfy(finding -> assertThat(finding.value()).isNull())
        .allSatisfy(
            finding -> assertThat(finding.detail()).contains("0 triggers; undefined for 5 more"));
  }

  /** Another number for each token and layer. */
  private static double mean(String removed, int layer) {
    return -0.01 * (layer + 1) * removed.length() - (removed.equals("last") ? 0.5 : 0);
  }

  private List<Finding> findings(List<Row> rows) {
    SparkSession spark = TestSpark.start("local[1]", folder);
    try {
      return PerturbationFindings.of(spark.createDataFrame(rows, SCHEMA), LAYERS);
    } finally {
      spark.stop();
    }
  }

  private static void assertValue(List<Finding> findings, String name, int layer, double value) {
    assertThat(find(findings, name, layer).value()).as(name).isCloseTo(value, within(1e-12));
  }

  private static void assertPaper(
      List<Finding> findings, String removed, int layer, Double expected) {
    String name = "mean_relative_change_without_" + removed + "_token";
    assertThat(find(findings, name, layer).paperValue()).as(name).isEqualTo(expected);
  }

  private static Finding find(List<Finding> findings, String name, int layer) {
    List<Finding> found =
        findings.stream().filter(f -> f.finding().equals(name) && f.layer() == layer).toList();
    assertThat(found).as(name).hasSize(1);
    return found.get(0);
  }
}
