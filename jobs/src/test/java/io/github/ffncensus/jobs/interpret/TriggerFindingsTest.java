package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Findings about triggers and activity, recomputed from the rows of the tables. */
class TriggerFindingsTest {
  /** The paper's numbers that stand beside these, by finding and layer. */
  private static final Map<String, Double> PAPER =
      Map.of("patterns_per_neuronnull", 3.6, "neurons_with_patternnull", 1.0);

  @TempDir Path folder;

  @Test
  void findings_areWhatTheRowsSay() throws IOException {
    try (ScanFixture fixture = new ScanFixture("local[2]", folder)) {
      ScanFixture.Run run = fixture.ingest("r1", "bert-gelu");
      Map<String, List<Map<String, Object>>> tables = Interpreted.tables(run);
      int layers = run.model.architecture().layers();
      for (int layer = 0; layer < layers; layer++) {
        List<Map<String, Object>> stats = ofLayer(tables.get("neuron_stats"), layer);
        assertFinding(
            tables,
            "active_fraction_of_corpus",
            layer,
            stats.stream().mapToDouble(row -> (Double) row.get("active_fraction")).average());
        assertFinding(
            tables,
            "neurons_never_active",
            layer,
            stats.stream().mapToDouble(row -> (Float) row.get("max") > 0 ? 0 : 1).average());
        List<Map<String, Object>> triggers = ofLayer(tables.get("trigger_prefixes"), layer);
        // BERT's tokenizer puts [CLS] in front.
        assertFinding(
            tables,
            "triggers_at_first_token",
            layer,
            triggers.stream().mapToDouble(row -> row.get("position").equals(1) ? 1 : 0).average());
        assertFinding(
            tables,
            "neurons_with_triggers",
            layer,
            stats.stream().mapToDouble(row -> (Float) row.get("max") > 0 ? 1 : 0).average());
        List<Map<String, Object>> scores = ofLayer(tables.get("trigger_pattern_scores"), layer);
        assertFinding(tables, "patterns_per_neuron", layer, mean(scores, "patterns"));
        assertFinding(
            tables,
            "prefixes_covered",
            layer,
            OptionalDouble.of(1 - sum(scores, "not_covered") / sum(scores, "prefixes")));
        double labels = 0;
        for (String label :
            List.of("not_covered", "shallow_only", "semantic_only", "shallow_and_semantic")) {
          double share = sum(scores, label) / sum(scores, "prefixes");
          labels += share;
          assertFinding(tables, "prefixes_" + label, layer, OptionalDouble.of(share));
        }
        assertThat(labels).isCloseTo(1, within(1e-12));
        for (String score : List.of("last_token_concentration", "topic_coherence")) {
          assertFinding(tables, score + "_median", layer, median(scores, score));
        }
      }
      List<Map<String, Object>> scores = tables.get("trigger_pattern_scores");
      assertFinding(tables, "patterns_per_neuron", null, mean(scores, "patterns"));
      assertFinding(
          tables,
          "neurons_with_pattern",
          null,
          scores.stream().mapToDouble(row -> (Integer) row.get("patterns") > 0 ? 1 : 0).average());
      for (String where : List.of("lower", "upper")) {
        List<Map<String, Object>> part =
            scores.stream()
                .filter(
                    row ->
                        where.equals("lower")
                            == (Integer) row.get("layer") < Math.round(layers * 9 / 16.0))
                .toList();
        assertFinding(
            tables,
            "prefixes_with_shallow_pattern_in_" + where + "_layers",
            null,
            OptionalDouble.of(
                (sum(part, "shallow_only") + sum(part, "shallow_and_semantic"))
                    / sum(part, "prefixes")));
      }
    }
  }

  /** Interpolated between the two in the middle; those without a score are left out. */
  private static OptionalDouble median(List<Map<String, Object>> rows, String column) {
    double[] sorted =
        rows.stream()
            .map(row -> (Double) row.get(column))
            .filter(Objects::nonNull)
            .mapToDouble(value -> value)
            .sorted()
            .toArray();
    return sorted.length == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2);
  }

  /** A layer without a trigger is a finding, too. */
  @Test
  void layerOfDeadNeurons_hasAShareOfZero() {
    SparkSession spark = TestSpark.start("local[1]", folder);
    try {
      Dataset<Row> triggers =
          spark.createDataFrame(
              List.of(
                  RowFactory.create(1, 4, 1),
                  RowFactory.create(1, 4, 7),
                  RowFactory.create(1, 9, 7),
                  RowFactory.create(1, 9, 8)),
              StructType.fromDDL("layer INT, neuron INT, position INT"));
      Architecture architecture =
          ModelFolder.open(Fixture.named("bert-gelu").folder()).architecture();
      List<Finding> findings = TriggerFindings.ofTriggers(triggers, 1, architecture);
      assertThat(findings).hasSize(2 * architecture.layers());
      assertThat(findings.get(0).finding()).isEqualTo("neurons_with_triggers");
      assertThat(findings.get(0).layer()).isZero();
      assertThat(findings.get(0).value()).isZero();
      assertThat(findings.get(1).value()).isNull();
      assertThat(findings.get(2).value()).isEqualTo(2.0 / architecture.intermediate());
      assertThat(findings.get(3).value()).isEqualTo(0.25);
      assertThat(findings).allSatisfy(finding -> assertThat(finding.paperValue()).isNull());
    } finally {
      spark.stop();
    }
  }

  private static OptionalDouble mean(List<Map<String, Object>> rows, String column) {
    return rows.stream().mapToDouble(row -> (Integer) row.get(column)).average();
  }

  private static double sum(List<Map<String, Object>> rows, String column) {
    return rows.stream().mapToDouble(row -> (Integer) row.get(column)).sum();
  }

  private static List<Map<String, Object>> ofLayer(List<Map<String, Object>> rows, int layer) {
    return rows.stream().filter(row -> row.get("layer").equals(layer)).toList();
  }

  private static void assertFinding(
      Map<String, List<Map<String, Object>>> tables,
      String finding,
      Integer layer,
      OptionalDouble expected) {
    List<Map<String, Object>> rows =
        tables.get("key_value_findings").stream()
            .filter(
                row ->
                    row.get("finding").equals(finding) && Objects.equals(row.get("layer"), layer))
            .toList();
    assertThat(rows).hasSize(1);
    if (expected.isEmpty()) {
      assertThat(rows.get(0).get("value")).isNull();
    } else {
      assertThat((Double) rows.get(0).get("value"))
          .isCloseTo(expected.getAsDouble(), within(1e-12));
    }
    assertThat(rows.get(0).get("paper_value")).isEqualTo(PAPER.get(finding + layer));
  }
}
