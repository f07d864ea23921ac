package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.interpret.values.NeuronTriggers;
import io.github.ffncensus.interpret.values.ValueLens;
import io.github.ffncensus.interpret.values.ValueLenses;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows of value_lenses against readings with the targets of trigger_prefixes, and
 * value_predictions.
 */
class LensTableTest {
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

  @ParameterizedTest
  @ValueSource(strings = {"llama-silu", "bert-gelu"})
  void everyNeuron_hasARowPerLens(String model) throws IOException {
    ScanFixture.Run run = ingest(model, model);
    Map<String, List<Map<String, Object>>> tables = Interpreted.tables(run);
    List<Map<String, Object>> rows = tables.get("value_lenses");
    List<ValueLens> expected = new ArrayList<>();
    TorchEngine.prepareThread();
    try (Transformer transformer =
            TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32);
        ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path());
        ValueLenses lenses = new ValueLenses(transformer)) {
      Architecture architecture = transformer.architecture();
      for (int l = 0; l < architecture.layers(); l++) {
        int layer = l;
        List<Map<String, Object>> predictions = ofLayer(tables.get("value_predictions"), layer);
        lenses.forEach(
            layer,
            0,
            architecture.intermediate(),
            neuron -> trigger(predictions.get(neuron).get("trigger_next_token_id")),
            expected::add);
      }
      assertThat(rows).hasSameSizeAs(expected).hasSizeGreaterThan(100);
      for (int i = 0; i < rows.size(); i++) {
        check(rows.get(i), expected.get(i), tokenizer);
      }
    }
    checkFindings(tables, model.equals("llama-silu"));
  }

  private static ScanFixture.Run ingest(String runId, String model, String... more)
      throws IOException {
    List<String> settings =
        new ArrayList<>(
            List.of("interpret.perturbations.enabled=false", "interpret.memories.enabled=false"));
    settings.addAll(List.of(more));
    return fixture.ingest(runId, model, settings.toArray(String[]::new));
  }

  private static List<Map<String, Object>> ofLayer(List<Map<String, Object>> rows, int layer) {
    return rows.stream().filter(row -> row.get("layer").equals(layer)).toList();
  }

  private static NeuronTriggers trigger(Object target) {
    return target == null
        ? NeuronTriggers.NONE
        : NeuronTriggers.of(List.of(1f), List.of((Integer) target));
  }

  private static void check(Map<String, Object> row, ValueLens expected, ModelTokenizer tokenizer) {
    assertThat(row)
        .containsEntry("layer", expected.layer())
        .containsEntry("neuron", expected.neuron())
        .containsEntry("lens", expected.lens().name().toLowerCase(Locale.ROOT))
        .containsEntry("top_token_id", expected.topToken())
        .containsEntry("top_token", PredictedToken.name(tokenizer, expected.topToken()))
        .containsEntry("max_cosine_token_id", expected.maxCosineToken())
        .containsEntry(
            "max_cosine_token", PredictedToken.name(tokenizer, expected.maxCosineToken()));
    assertThat(row.get("trigger_next_token_id")).isEqualTo(expected.target());
    assertThat(row.get("agrees")).isEqualTo(expected.agrees());
    assertThat(row.get("next_token_rank")).isEqualTo(expected.targetRank());
    assertThat((Double) row.get("peak_z")).isCloseTo(expected.peakZ(), within(1e-4));
    assertThat((Double) row.get("max_cosine")).isCloseTo(expected.maxCosine(), within(1e-5));
    assertThat((Double) row.get("min_cosine")).isCloseTo(expected.minCosine(), within(1e-5));
  }

  private static void checkFindings(
      Map<String, List<Map<String, Object>>> tables, boolean twoLenses) {
    List<Map<String, Object>> raw =
        ofLayer(tables.get("value_lenses"), 1).stream()
            .filter(row -> row.get("lens").equals("raw"))
            .toList();
    double rate =
        raw.stream()
            .filter(row -> row.get("agrees") != null)
            .mapToInt(row -> row.get("agrees").equals(true) ? 1 : 0)
            .average()
            .orElseThrow();
    assertThat(finding(tables, "agreement_rate_under_raw_lens")).isEqualTo(rate);
    double cosine =
        raw.stream().mapToDouble(row -> (Double) row.get("max_cosine")).average().orElseThrow();
    assertThat(finding(tables, "max_cosine_under_raw_lens")).isCloseTo(cosine, within(1e-12));
    int[] ranks =
        raw.stream()
            .filter(row -> row.get("next_token_rank") != null)
            .mapToInt(row -> (Integer) row.get("next_token_rank"))
            .sorted()
            .toArray();
    assertThat(finding(tables, "next_token_rank_median_under_raw_lens"))
        .isEqualTo((ranks[(ranks.length - 1) / 2] + ranks[ranks.length / 2]) / 2.0);
    if (!twoLenses) {
      assertThat(finding(tables, "lenses_agree_on_top_token")).isNull();
      return;
    }
    // Both lenses of a neuron stand together.
    List<Map<String, Object>> both = ofLayer(tables.get("value_lenses"), 1);
    int same = 0;
    for (int i = 0; i < both.size(); i += 2) {
      same += both.get(i).get("top_token_id").equals(both.get(i + 1).get("top_token_id")) ? 1 : 0;
    }
    assertThat(finding(tables, "lenses_agree_on_top_token"))
        .isCloseTo(2.0 * same / both.size(), within(1e-12));
    // The lens that value_predictions has by itself.
    assertThat(finding(tables, "agreement_rate_under_folded_lens"))
        .isEqualTo(finding(tables, "agreement_rate"));
  }

  /** Of layer 1; null without such a finding. */
  private static Double finding(Map<String, List<Map<String, Object>>> tables, String name) {
    return tables.get("key_value_findings").stream()
        .filter(
            row -> row.get("finding").equals(name) && Integer.valueOf(1).equals(row.get("layer")))
        .map(row -> (Double) row.get("value"))
        .findFirst()
        .orElse(null);
  }

  @Test
  void modelWithoutAHead_hasATableWithoutRows() throws IOException {
    Path model = Files.createDirectory(folder.resolve("headless"));
    ModelCopy copy = ModelCopy.of("bert-gelu", model);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    copy.write();
    assertThat(Interpreted.tables(ingest("no-head", model.toString())))
        .containsEntry("value_lenses", List.of());
  }

  @Test
  void partThatIsOff_hasNoTable() throws IOException {
    assertThat(
            Interpreted.tables(ingest("off", "gpt2-hub-names", "interpret.lenses.enabled=false")))
        .doesNotContainKey("value_lenses");
  }
}
