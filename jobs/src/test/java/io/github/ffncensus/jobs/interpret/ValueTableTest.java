package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows of value_predictions against the model's logits and the rows of trigger_prefixes. */
class ValueTableTest {
  private static final int TOP = 5;

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
  @CsvSource({
    "gpt2-gelu-new, auto, FOLDED",
    "gpt2-relu-untied, raw, RAW",
    "bert-gelu, auto, RAW",
    "bert-gelu, head, HEAD",
    "llama-silu, folded, FOLDED"
  })
  void everyNeuron_hasOneRow_thatItsTriggersAndItsValueGive(
      String model, String configured, Lens lens) throws IOException {
    ScanFixture.Run run =
        fixture.ingest(
            model + "-" + configured,
            model,
            "interpret.values.top-tokens=" + TOP,
            "interpret.values.lens=" + configured);
    Map<String, List<Map<String, Object>>> tables = Interpreted.tables(run);
    List<Map<String, Object>> rows = tables.get("value_predictions");
    Architecture architecture = run.model.architecture();
    TorchEngine.prepareThread();
    try (Transformer transformer =
            TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32);
        ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path());
        NDManager scope = transformer.newScope()) {
      assertThat(rows).hasSize((int) architecture.neurons());
      int neurons = architecture.intermediate();
      for (int layer = 0; layer < architecture.layers(); layer++) {
        float[] logits =
            transformer.logits(transformer.values(layer, 0, neurons, scope), lens).toFloatArray();
        for (int neuron = 0; neuron < neurons; neuron++) {
          Map<String, Object> row = rows.get(layer * neurons + neuron);
          assertThat(row).containsEntry("layer", layer).containsEntry("neuron", neuron);
          assertThat(row.get("lens"))
              .hasToString(configured.equals("auto") ? word(lens) : configured);
          int vocabulary = architecture.vocabulary();
          float[] ofNeuron =
              Arrays.copyOfRange(logits, neuron * vocabulary, (neuron + 1) * vocabulary);
          checkValue(row, ofNeuron, tokenizer);
          List<Map<String, Object>> triggers =
              triggers(tables.get("trigger_prefixes"), layer, neuron);
          checkTriggers(row, triggers, ofNeuron, architecture.causal());
          assertThat(row.get("bottom_tokens") == null).isEqualTo(model.contains("relu"));
        }
      }
    }
  }

  private static String word(Lens lens) {
    return lens.name().toLowerCase(Locale.ROOT);
  }

  private static List<Map<String, Object>> triggers(
      List<Map<String, Object>> rows, int layer, int neuron) {
    return rows.stream()
        .filter(row -> row.get("layer").equals(layer) && row.get("neuron").equals(neuron))
        .filter(row -> row.get("polarity").equals("positive"))
        .toList();
  }

  private static void checkValue(
      Map<String, Object> row, float[] logits, ModelTokenizer tokenizer) {
    List<?> ids = (List<?>) row.get("top_token_ids");
    List<?> tokens = (List<?>) row.get("top_tokens");
    List<?> probabilities = (List<?>) row.get("top_probabilities");
    assertThat(ids).hasSize(TOP).hasSameSizeAs(tokens).hasSameSizeAs(probabilities);
    assertThat(ids.get(0)).isEqualTo(row.get("top_token_id"));
    double total = 0;
    for (float logit : logits) {
      total += Math.exp(logit);
    }
    for (int k = 0; k < TOP; k++) {
      int id = (Integer) ids.get(k);
      assertThat(rank(logits, id)).isEqualTo(k + 1);
      assertThat(tokens.get(k))
          .isEqualTo(tokenizer.hasToken(id) ? tokenizer.token(id) : "<no token " + id + ">");
      double p = Math.exp(logits[id]) / total;
      assertThat((double) (Float) probabilities.get(k)).isCloseTo(p, within(1e-5 * p));
    }
    assertThat((Double) row.get("max_probability"))
        .isCloseTo((Float) probabilities.get(0), within(1e-6));
    assertThat((Double) row.get("entropy")).isBetween(0.0, Math.log(logits.length));
  }

  private static void checkTriggers(
      Map<String, Object> row, List<Map<String, Object>> triggers, float[] logits, boolean causal) {
    List<Object> targets =
        triggers.stream().map(t -> t.get(causal ? "next_token_id" : "token_id")).toList();
    Object first = targets.isEmpty() ? null : targets.get(0);
    Object top = ((List<?>) row.get("top_token_ids")).get(0);
    assertThat(row.get("trigger_next_token_id")).isEqualTo(first);
    assertThat(row.get("agrees")).isEqualTo(first == null ? null : first.equals(top));
    assertThat(row.get("next_token_rank"))
        .isEqualTo(first == null ? null : rank(logits, (Integer) first));
    assertThat(row.get("targets"))
        .isEqualTo((int) targets.stream().filter(Objects::nonNull).count());
    assertThat(row.get("agreement_count"))
        .isEqualTo((int) targets.stream().filter(top::equals).count());
    if (triggers.isEmpty()) {
      assertThat(row.get("mean_coefficient")).isNull();
      assertThat(row.get("max_probability_at_mean_coefficient")).isNull();
    } else {
      double mean =
          triggers.stream().mapToDouble(t -> (Float) t.get("coefficient")).average().getAsDouble();
      assertThat((Double) row.get("mean_coefficient")).isCloseTo(mean, within(1e-9));
    }
  }

  private static int rank(float[] logits, int token) {
    int rank = 1;
    for (int w = 0; w < logits.length; w++) {
      if (logits[w] > logits[token] || (logits[w] == logits[token] && w < token)) {
        rank++;
      }
    }
    return rank;
  }

  @Test
  void runWithoutTriggers_stillHasAllNeurons() throws IOException {
    ScanFixture.Run run =
        fixture.ingest("no-triggers", "gpt2-gelu-new", "scan.trigger-prefixes.enabled=false");
    List<Map<String, Object>> rows = Interpreted.tables(run).get("value_predictions");
    assertThat(rows).hasSize((int) run.model.architecture().neurons());
    assertThat(rows)
        .allSatisfy(row -> assertThat(row.get("agrees")).isNull())
        .allSatisfy(row -> assertThat(row.get("next_token_rank")).isNull())
        .allSatisfy(row -> assertThat(row.get("targets")).isEqualTo(0))
        .allSatisfy(row -> assertThat((List<?>) row.get("top_tokens")).hasSize(10));
  }

  @Test
  void modelWithoutAHead_hasATableWithoutRows() throws IOException {
    Path model = Files.createDirectory(folder.resolve("headless"));
    ModelCopy copy = ModelCopy.of("bert-gelu", model);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    copy.write();
    ScanFixture.Run run = fixture.ingest("no-head", model.toString());
    assertThat(Interpreted.tables(run)).containsEntry("value_predictions", List.of());
  }

  @Test
  void partThatIsOff_hasNoTable() throws IOException {
    ScanFixture.Run run = fixture.ingest("off", "gpt2-hub-names", "interpret.values.enabled=false");
    assertThat(Interpreted.tables(run)).doesNotContainKey("value_predictions");
  }
}
