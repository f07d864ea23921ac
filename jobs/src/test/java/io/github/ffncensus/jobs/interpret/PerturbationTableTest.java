package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.interpret.perturbations.NeuronSample;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The perturbation tables against one run of the model per shortened text. */
class PerturbationTableTest {
  private static final int SAMPLED = 12;
  private static final int RANKS = 6;
  private static final long SEED = 3;
  private static final float TOLERANCE = 1e-5f;

  @TempDir static Path folder;
  private static ScanFixture scans;

  @BeforeAll
  static void start() throws IOException {
    scans = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    scans.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "bert-gelu", "llama-silu"})
  void tables_equalSeparateRuns(String model) throws IOException {
    ScanFixture.Run run = ingest("oracle-" + model, model);
    Map<String, List<Map<String, Object>>> tables = Interpreted.tables(run);
    List<Map<String, Object>> rows = tables.get("trigger_perturbations");
    List<Map<String, Object>> winners = winners(run, tables.get("trigger_prefixes"));
    assertThat(winners).hasSizeGreaterThan(80);
    try (Transformer transformer =
        TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32)) {
      Oracle oracle = new Oracle(transformer, run.sequences(), new HashMap<>());
      int next = 0;
      for (Map<String, Object> winner : winners) {
        for (String removed : List.of("first", "last", "random")) {
          Map<String, Object> row = next < rows.size() ? rows.get(next) : Map.of();
          boolean there =
              removed.equals(row.get("removed"))
                  && List.of("layer", "neuron", "rank").stream()
                      .allMatch(column -> row.get(column).equals(winner.get(column)));
          oracle.check(winner, removed, there ? row : null);
          next += there ? 1 : 0;
        }
      }
      assertThat(next).as("rows that no trigger has").isEqualTo(rows.size());
    }
    checkSummary(run, tables, winners);
  }

  /** Property 27. */
  private static void checkSummary(
      ScanFixture.Run run,
      Map<String, List<Map<String, Object>>> tables,
      List<Map<String, Object>> winners) {
    List<Map<String, Object>> summary = tables.get("perturbation_summary");
    assertThat(summary).hasSize(3 * run.model.architecture().layers());
    boolean undefined = false;
    for (Map<String, Object> row : summary) {
      List<Map<String, Object>> rows =
          tables.get("trigger_perturbations").stream()
              .filter(r -> r.get("layer").equals(row.get("layer")))
              .filter(r -> r.get("removed").equals(row.get("removed")))
              .toList();
      long ofLayer = winners.stream().filter(w -> w.get("layer").equals(row.get("layer"))).count();
      assertThat(row.get("rows")).isEqualTo((long) rows.size());
      assertThat(row.get("undefined")).isEqualTo(ofLayer - rows.size());
      assertThat(row.get("sampled_neurons")).isEqualTo(SAMPLED);
      undefined |= ofLayer > rows.size();
      double[] changes =
          rows.stream().mapToDouble(r -> (Double) r.get("relative_change")).toArray();
      assertThat((Double) row.get("mean_relative_change"))
          .isCloseTo(Arrays.stream(changes).average().orElseThrow(), within(1e-9));
      long below =
          Arrays.stream(changes)
              .filter(c -> c < (Double) row.get("median_relative_change"))
              .count();
      assertThat(below).isLessThanOrEqualTo(rows.size() / 2);
      double[] controls =
          rows.stream()
              .mapToDouble(
                  r ->
                      ((double) (Float) r.get("control_perturbed_coefficient")
                              - (Float) r.get("control_coefficient"))
                          / (Float) r.get("coefficient"))
              .toArray();
      assertThat((Double) row.get("mean_control_change"))
          .isCloseTo(Arrays.stream(controls).average().orElseThrow(), within(1e-9));
      assertThat((Double) row.get("mean_absolute_control_change"))
          .isCloseTo(Arrays.stream(controls).map(Math::abs).average().orElseThrow(), within(1e-9));
    }
    assertThat(undefined).as("some perturbations are undefined").isTrue();
  }

  @Test
  void shardsAndBatches_changeNothingBeyondRounding() throws IOException {
    List<Map<String, Object>> expected =
        Interpreted.tables(ingest("one", "bert-gelu", "ingest.shard-tokens=1000000"))
            .get("trigger_perturbations");
    List<Map<String, Object>> actual =
        Interpreted.tables(
                ingest("small", "bert-gelu", "ingest.shard-tokens=64", "scan.batch-tokens=40"))
            .get("trigger_perturbations");
    assertThat(actual).hasSameSizeAs(expected).isNotEmpty();
    for (int i = 0; i < expected.size(); i++) {
      for (Map.Entry<String, Object> column : expected.get(i).entrySet()) {
        Object value = actual.get(i).get(column.getKey());
        if (column.getValue() instanceof Float number) {
          assertThat((Float) value).isCloseTo(number, within(TOLERANCE));
        } else if (!column.getKey().equals("relative_change")) {
          assertThat(value).as(column.getKey()).isEqualTo(column.getValue());
        }
      }
    }
  }

  @Test
  void listedNeurons_areLookedAtInsteadOfASample() throws IOException {
    Map<String, List<Map<String, Object>>> tables =
        Interpreted.tables(
            ingest(
                "listed", "gpt2-gelu-new", "interpret.perturbations.neurons=[\"1:3\",\"1:70\"]"));
    assertThat(tables.get("trigger_perturbations"))
        .isNotEmpty()
        .allSatisfy(
            row -> {
              assertThat(row.get("layer")).isEqualTo(1);
              assertThat(row.get("neuron")).isIn(3, 70);
            });
    assertThat(tables.get("perturbation_summary"))
        .allSatisfy(
            row ->
                assertThat(row.get("sampled_neurons"))
                    .isEqualTo(row.get("layer").equals(1) ? 2 : 0));
  }

  @Test
  void withoutPositiveTriggers_theTablesAreThere() throws IOException {
    Map<String, List<Map<String, Object>>> tables =
        Interpreted.tables(
            ingest("negative", "llama-silu", "scan.trigger-prefixes.polarities=[negative]"));
    assertThat(tables.get("trigger_perturbations")).isEmpty();
    assertThat(tables.get("perturbation_summary"))
        .isNotEmpty()
        .allSatisfy(
            row -> {
              assertThat(row.get("rows")).isEqualTo(0L);
              assertThat(row.get("undefined")).isEqualTo(0L);
              assertThat(row.get("mean_relative_change")).isNull();
            });
  }

  private static ScanFixture.Run ingest(String runId, String model, String... more)
      throws IOException {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "interpret.perturbations.neurons-per-layer=" + SAMPLED,
                "interpret.perturbations.ranks=" + RANKS,
                "interpret.perturbations.seed=" + SEED));
    settings.addAll(List.of(more));
    return scans.ingest(runId, model, settings.toArray(String[]::new));
  }

  private static List<Map<String, Object>> winners(
      ScanFixture.Run run, List<Map<String, Object>> triggers) {
    NeuronSample sample = new NeuronSample(SAMPLED, SEED);
    int neurons = run.model.architecture().intermediate();
    return triggers.stream()
        .filter(t -> t.get("polarity").equals("positive") && (Integer) t.get("rank") <= RANKS)
        .filter(t -> sample.of((Integer) t.get("layer"), neurons).get((Integer) t.get("neuron")))
        .toList();
  }

  /** Each text built from the definition and run by itself. */
  private record Oracle(
      Transformer model,
      List<Map<String, Object>> sequences,
      Map<List<Integer>, AllCoefficients> runs) {

    /**
     * @param row null where the table has none
     */
    void check(Map<String, Object> winner, String removed, Map<String, Object> row) {
      Map<String, Object> sequence = sequences.get(((Long) winner.get("sequence_id")).intValue());
      List<Integer> ids = integers(sequence, "token_ids");
      List<Integer> starts = integers(sequence, "token_starts");
      int position = (Integer) winner.get("position");
      List<Integer> text =
          IntStream.rangeClosed(0, position).filter(p -> starts.get(p) >= 0).boxed().toList();
      int removedPosition;
      if (removed.equals("random")) {
        if (text.size() < 3) {
          assertThat(row).isNull();
          return;
        }
        removedPosition = (Integer) row.get("removed_position");
        assertThat(text.subList(1, text.size() - 1)).contains(removedPosition);
      } else {
        removedPosition = removed.equals("first") ? text.get(0) : position;
      }
      boolean causal = model.architecture().causal();
      List<Integer> left =
          IntStream.range(0, causal ? position + 1 : ids.size())
              .filter(p -> p != removedPosition)
              .boxed()
              .toList();
      int at = left.indexOf(position);
      if (at < 0) {
        at = causal ? left.size() - 1 : position;
      }
      if (at < 0 || at >= left.size() || starts.get(left.get(at)) < 0) {
        assertThat(row).isNull();
        return;
      }
      checkRow(winner, row, ids, removedPosition, left.stream().map(ids::get).toList(), at);
    }

    private void checkRow(
        Map<String, Object> winner,
        Map<String, Object> row,
        List<Integer> ids,
        int removedPosition,
        List<Integer> left,
        int at) {
      int layer = (Integer) winner.get("layer");
      int neuron = (Integer) winner.get("neuron");
      int control = (Integer) row.get("control_neuron");
      float[] before = coefficients(ids, layer, (Integer) winner.get("position"));
      float[] after = coefficients(left, layer, at);
      float coefficient = (Float) winner.get("coefficient");
      assertThat(row.get("removed_position")).isEqualTo(removedPosition);
      assertThat(row.get("removed_token_id")).isEqualTo(ids.get(removedPosition));
      assertThat(row.get("coefficient")).isEqualTo(coefficient);
      assertThat((Float) row.get("reread_coefficient")).isCloseTo(coefficient, within(TOLERANCE));
      assertThat((Float) row.get("perturbed_coefficient"))
          .isCloseTo(after[neuron], within(TOLERANCE));
      assertThat((Double) row.get("relative_change"))
          .isCloseTo(
              ((double) after[neuron] - coefficient) / coefficient,
              within((double) TOLERANCE / coefficient));
      assertThat(control).isNotEqualTo(neuron);
      assertThat((Float) row.get("control_coefficient"))
          .isCloseTo(before[control], within(TOLERANCE));
      assertThat((Float) row.get("control_perturbed_coefficient"))
          .isCloseTo(after[control], within(TOLERANCE));
      assertThat(row.get("removed_token")).isNotNull();
    }

    private float[] coefficients(List<Integer> ids, int layer, int position) {
      int[] tokens = ids.stream().mapToInt(Integer::intValue).toArray();
      return runs.computeIfAbsent(
              ids, text -> AllCoefficients.of(model, List.of(TokenSequence.of(0, tokens))))
          .row(layer, 0, position);
    }

    private static List<Integer> integers(Map<String, Object> row, String column) {
      return ((List<?>) row.get(column)).stream().map(Integer.class::cast).toList();
    }
  }
}
