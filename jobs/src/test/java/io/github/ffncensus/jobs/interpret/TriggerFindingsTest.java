package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.scan.ScanFixture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Findings about triggers and activity, recomputed from the rows of the tables. */
class TriggerFindingsTest {
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
    assertThat((Double) rows.get(0).get("value")).isCloseTo(expected.orElseThrow(), within(1e-12));
  }
}
