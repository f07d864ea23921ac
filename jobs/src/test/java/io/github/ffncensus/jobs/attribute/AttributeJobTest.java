package io.github.ffncensus.jobs.attribute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.attribute.AttributeFixture.Run;
import io.github.ffncensus.knowledge.attribution.IntegratedGradients;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.FactLines;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stage's tables against prompts run one by one, and refinement as plain loops. */
class AttributeJobTest {
  @TempDir static Path folder;
  private static AttributeFixture runs;
  private static String facts;

  @BeforeAll
  static void start() throws IOException {
    runs = new AttributeFixture("local[2]", folder);
    facts = "facts.input=" + SmallFacts.write(folder.resolve("facts.jsonl"));
  }

  @AfterAll
  static void stop() {
    runs.close();
  }

  @ParameterizedTest
  @CsvSource({
    "bert-gelu, census",
    "bert-gelu, dai2022",
    "roberta-gelu, eleuther2022",
    "gpt2-gelu-new, census",
    "llama-silu, dai2022"
  })
  void tables_equalPlainLoops(String model, String profile) throws IOException {
    Run run =
        runs.run(
            "plain-" + model + "-" + profile,
            model,
            facts,
            "profile=" + profile,
            "attribute.shard-prompts=12",
            "attribute.steps=6");
    Map<String, List<Map<String, Object>>> tables = run.tables();
    assertThat(tables.get("fact_rejects")).isEmpty();
    List<PromptAttribution> alone = alone(run);
    checkPrompts(run, tables, alone);
    checkScores(run, tables.get("fact_attributions"), alone, true);
    checkScores(run, tables.get("fact_activations"), alone, false);
    checkLayers(tables.get("attribution_layers"), alone);
    PlainNeurons.check(run, tables);
    PlainOverlap.check(tables);
  }

  /** In the order of the file. */
  private static List<PromptAttribution> alone(Run run) throws IOException {
    List<Fact> all = new ArrayList<>();
    for (String line : SmallFacts.lines()) {
      all.add(FactLines.parse(1, line, reject -> {}));
    }
    List<PromptAttribution> results = new ArrayList<>();
    try (ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path());
        Transformer model = TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32);
        IntegratedGradients gradients =
            new IntegratedGradients(model, run.config.attribute().gradients())) {
      PromptEncoder encoder =
          new PromptEncoder(
              tokenizer,
              run.model.causal(),
              run.config.facts().fill(),
              "[MASK]",
              run.model.maxSequenceTokens());
      for (PromptEncoder.Result result : encoder.encodeAll(all)) {
        assertThat(result.detail()).isNull();
        gradients.attributePrompts(List.of(result.encoded()), results::add);
      }
    }
    return results;
  }

  private static void checkPrompts(
      Run run, Map<String, List<Map<String, Object>>> tables, List<PromptAttribution> alone) {
    List<Map<String, Object>> rows = tables.get("fact_prompts");
    assertThat(rows).hasSameSizeAs(alone);
    boolean severalTokens = false;
    for (int i = 0; i < rows.size(); i++) {
      Map<String, Object> row = rows.get(i);
      PromptAttribution expected = alone.get(i);
      assertThat(row)
          .containsEntry("relation", expected.prompt().relation())
          .containsEntry("fact_id", expected.prompt().factId())
          .containsEntry("prompt_id", expected.prompt().promptId())
          .containsEntry("answer_rank", expected.answer().rank())
          .containsEntry("negative", false)
          .containsEntry("votes", true)
          .containsEntry(
              "line",
              1L
                  + Integer.parseInt(row.get("fact_id").toString().substring(3))
                  + (row.get("relation").equals("R1") ? 5 : 0));
      assertThat((Double) row.get("answer_probability"))
          .isCloseTo(
              expected.answer().probability(), within(1e-4 * expected.answer().probability()));
      List<?> answer = (List<?>) row.get("answer_token_ids");
      assertThat(answer).hasSize(expected.prompt().answerTokens());
      assertThat((List<?>) row.get("predicted_token_ids")).hasSameSizeAs(answer);
      assertThat((double) (Float) row.get("max_attribution"))
          .isCloseTo(expected.maximum(), within(1e-4 * Math.abs(expected.maximum())));
      severalTokens |= answer.size() > 1;
    }
    assertThat(severalTokens).isTrue();
    assertThat(rows).anySatisfy(row -> assertThat(row).containsEntry("head", "Seine"));
    assertThat(run.model.causal())
        .isEqualTo(rows.stream().allMatch(row -> row.get("reading").equals("causal")));
  }

  /** What is stored is what a dense search finds, up to scores within rounding of the cut. */
  private static void checkScores(
      Run run, List<Map<String, Object>> rows, List<PromptAttribution> alone, boolean attributed) {
    double cut = run.config.attribute().cut();
    Map<String, Map<String, Object>> stored = new HashMap<>();
    rows.forEach(row -> stored.put(key(row) + row.get("layer") + ":" + row.get("neuron"), row));
    assertThat(stored).hasSameSizeAs(rows);
    int expected = 0;
    for (PromptAttribution prompt : alone) {
      float[][] scores = attributed ? prompt.attributions() : prompt.coefficients();
      double max = max(scores);
      for (int l = 0; l < scores.length; l++) {
        for (int i = 0; i < scores[l].length; i++) {
          Map<String, Object> row =
              stored.get(
                  "%s %s %d "
                          .formatted(
                              prompt.prompt().relation(),
                              prompt.prompt().factId(),
                              prompt.prompt().promptId())
                      + l
                      + ":"
                      + i);
          double excess = Math.abs(scores[l][i]) - cut * max;
          if (Math.abs(excess) > 1e-5 * max) {
            assertThat(row != null).isEqualTo(excess > 0);
          }
          if (row != null) {
            expected++;
            assertThat((double) (Float) row.get("attribution"))
                .isCloseTo(prompt.attributions()[l][i], within(1e-4 * prompt.maximum()));
            assertThat((double) (Float) row.get("activation"))
                .isCloseTo(prompt.coefficients()[l][i], within(1e-4 * max(prompt.coefficients())));
          }
        }
      }
    }
    assertThat(rows).hasSize(expected);
  }

  private static void checkLayers(List<Map<String, Object>> rows, List<PromptAttribution> alone) {
    int layers = alone.get(0).zeroed().length;
    assertThat(rows).hasSize(alone.size() * layers);
    for (int i = 0; i < rows.size(); i++) {
      PromptAttribution prompt = alone.get(i / layers);
      Map<String, Object> row = rows.get(i);
      int layer = i % layers;
      assertThat(row).containsEntry("layer", layer);
      assertThat((Double) row.get("probability_full"))
          .isCloseTo(prompt.full(), within(1e-4 * prompt.full()));
      assertThat((Double) row.get("probability_zeroed"))
          .isCloseTo(prompt.zeroed()[layer], within(1e-4 * prompt.zeroed()[layer]));
      assertThat((Double) row.get("residual"))
          .isCloseTo(
              (Double) row.get("attribution_sum")
                  - ((Double) row.get("probability_full") - (Double) row.get("probability_zeroed")),
              within(1e-12));
    }
  }

  private static String key(Map<String, Object> row) {
    return row.get("relation") + " " + row.get("fact_id") + " " + row.get("prompt_id") + " ";
  }

  private static double max(float[][] scores) {
    double max = Double.NEGATIVE_INFINITY;
    for (float[] layer : scores) {
      for (float score : layer) {
        max = Math.max(max, score);
      }
    }
    return max;
  }

  @Test
  void aModelThatCannotAnswer_isRefused(@TempDir Path other) throws IOException {
    Run run = runs.run("headless", headless(other), facts);
    assertThatThrownBy(run::tables)
        .satisfies(
            failure -> {
              CensusException refusal = CensusException.in(failure).orElseThrow();
              assertThat(refusal.kind()).isEqualTo(CensusException.Kind.INPUT);
              assertThat(refusal).hasMessageContaining("no prediction head");
            });
  }

  /** A copy of a fixture without the tensors of its head. */
  private static String headless(Path folder) {
    ModelCopy copy = ModelCopy.of("bert-gelu", folder);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    return copy.write().toAbsolutePath().toString();
  }
}
