package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.ScanFixture.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold between the tables of a run, whatever the model. */
class TableLawsTest {
  @TempDir static Path folder;
  private static ScanFixture fixture;

  @BeforeAll
  static void start() throws IOException {
    fixture = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  /** Causal with ReLU, gated, and masked. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-relu-untied", "llama-silu", "bert-gelu"})
  void tablesOfARun_agreeWithEachOther(String model) throws IOException {
    Run run =
        fixture.ingest(
            model,
            model,
            "interpret.perturbations.neurons-per-layer=0",
            "interpret.perturbations.ranks=3",
            "interpret.memories.sequences=20",
            "interpret.examples.sequences=40");
    Map<String, List<Map<String, Object>>> tables = Interpreted.tables(run);
    checkStatistics(tables);
    checkTriggers(tables);
    checkPerturbations(tables, model.contains("relu"));
    checkValues(tables);
    checkAgreementByChance(tables, run.model.architecture().layers());
  }

  @Test
  void encoderWithoutItsDecoder_hasTriggers_andPredictsNothing() throws IOException {
    Map<String, List<Map<String, Object>>> tables =
        Interpreted.tables(
            fixture.ingest("t5", "t5-relu", "interpret.perturbations.neurons-per-layer=0"));
    checkStatistics(tables);
    checkTriggers(tables);
    checkPerturbations(tables, true);
    assertThat(tables.get("trigger_pattern_scores")).isNotEmpty();
    for (String table :
        List.of(
            "layer_composition",
            "prediction_refinement",
            "value_predictions",
            "value_lenses",
            "memory_positions",
            "memory_ablations")) {
      assertThat(tables).containsEntry(table, List.of());
    }
  }

  private static List<Object> neuron(Map<String, Object> row) {
    return List.of(row.get("layer"), row.get("neuron"));
  }

  private static long textTokens(Map<String, List<Map<String, Object>>> tables) {
    return tables.get("sequences").stream()
        .flatMap(row -> ((List<?>) row.get("token_starts")).stream())
        .filter(start -> (Integer) start >= 0)
        .count();
  }

  /** Property 20. */
  private static void checkStatistics(Map<String, List<Map<String, Object>>> tables) {
    long tokens = textTokens(tables);
    Map<List<Object>, Float> strongest = new HashMap<>();
    for (Map<String, Object> trigger : tables.get("trigger_prefixes")) {
      if (trigger.get("rank").equals(1) && trigger.get("polarity").equals("positive")) {
        strongest.put(neuron(trigger), (Float) trigger.get("coefficient"));
      }
    }
    for (Map<String, Object> row : tables.get("neuron_stats")) {
      assertThat(row.get("token_count")).isEqualTo(tokens);
      double active = (Double) row.get("active_fraction") * tokens;
      assertThat(active).isCloseTo(Math.rint(active), within(1e-6));
      long counted =
          ((List<?>) row.get("histogram")).stream().mapToLong(count -> (Long) count).sum();
      assertThat(counted).isEqualTo(tokens);
      float max = (Float) row.get("max");
      assertThat(strongest.get(neuron(row))).isEqualTo(max > 0 ? (Float) max : null);
    }
  }

  /** Properties 8, 15, 16 and 17. */
  private static void checkTriggers(Map<String, List<Map<String, Object>>> tables) {
    Set<List<Object>> seen = new HashSet<>();
    Map<String, Object> before = null;
    for (Map<String, Object> row : tables.get("trigger_prefixes")) {
      Map<String, Object> sequence =
          tables.get("sequences").get(((Long) row.get("sequence_id")).intValue());
      int position = (Integer) row.get("position");
      List<?> ids = (List<?>) sequence.get("token_ids");
      List<?> starts = (List<?>) sequence.get("token_starts");
      assertThat((Integer) starts.get(position)).isNotNegative();
      assertThat(row.get("token_id")).isEqualTo(ids.get(position));
      boolean hasNext = position + 1 < ids.size() && (Integer) starts.get(position + 1) >= 0;
      assertThat(row.get("next_token_id")).isEqualTo(hasNext ? ids.get(position + 1) : null);
      assertThat(seen.add(List.of(neuron(row), row.get("polarity"), row.get("sequence_id"))))
          .isTrue();
      if ((Integer) row.get("rank") > 1) {
        assertThat(row.get("rank")).isEqualTo((Integer) before.get("rank") + 1);
        float strength = Math.abs((Float) row.get("coefficient"));
        float strengthBefore = Math.abs((Float) before.get("coefficient"));
        assertThat(strength).isLessThanOrEqualTo(strengthBefore);
        if (strength == strengthBefore) {
          assertThat((Long) row.get("sequence_id")).isGreaterThan((Long) before.get("sequence_id"));
        }
      }
      before = row;
    }
  }

  /** Property 24. */
  private static void checkPerturbations(
      Map<String, List<Map<String, Object>>> tables, boolean relu) {
    assertThat(tables.get("trigger_perturbations"))
        .isNotEmpty()
        .allSatisfy(
            row -> {
              assertThat((Float) row.get("coefficient")).isPositive();
              if (relu) {
                assertThat((Double) row.get("relative_change")).isGreaterThanOrEqualTo(-1);
              }
            });
  }

  /** Properties 28 and 29. */
  private static void checkValues(Map<String, List<Map<String, Object>>> tables) {
    for (Map<String, Object> row : tables.get("value_predictions")) {
      double max = (Double) row.get("max_probability");
      assertThat(max).isBetween(0.0, 1.0);
      assertThat((Double) row.get("entropy")).isGreaterThanOrEqualTo(-Math.log(max) - 1e-4);
      assertThat((Integer) row.get("agreement_count"))
          .isLessThanOrEqualTo((Integer) row.get("targets"));
      if (row.get("agrees") != null) {
        boolean agrees = (Boolean) row.get("agrees");
        assertThat(agrees).isEqualTo(Integer.valueOf(1).equals(row.get("next_token_rank")));
        assertThat(!agrees || (Integer) row.get("agreement_count") >= 1).isTrue();
      }
    }
  }

  /** Property 31: in a random model values agree with their triggers as often as by chance. */
  private static void checkAgreementByChance(
      Map<String, List<Map<String, Object>>> tables, int layers) {
    for (int layer = 0; layer < layers; layer++) {
      int l = layer;
      long answered =
          tables.get("value_predictions").stream()
              .filter(row -> row.get("layer").equals(l) && row.get("agrees") != null)
              .count();
      double agreements = answered * finding(tables, "agreement_rate", layer);
      double byChance = answered * finding(tables, "agreement_rate_of_shuffled_pairs", layer);
      assertThat(Math.abs(agreements - byChance)).isLessThan(2 + 4 * Math.sqrt(byChance));
    }
  }

  private static double finding(
      Map<String, List<Map<String, Object>>> tables, String name, int layer) {
    return tables.get("key_value_findings").stream()
        .filter(
            row ->
                row.get("finding").equals(name) && Integer.valueOf(layer).equals(row.get("layer")))
        .mapToDouble(row -> (Double) row.get("value"))
        .findFirst()
        .orElseThrow();
  }
}
