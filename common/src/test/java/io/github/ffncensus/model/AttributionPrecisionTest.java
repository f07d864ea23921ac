package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.RandomPrompts;
import io.github.ffncensus.knowledge.attribution.AnswerPath;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.AttributionTarget;
import io.github.ffncensus.knowledge.attribution.Attributions;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.attribution.StepRule;
import io.github.ffncensus.knowledge.attribution.TargetTokens;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Attributions in half precision, against float32: root mean square error of a layer, relative to
 * its attributions. Gradients go through the half precision, too.
 */
class AttributionPrecisionTest {

  @ParameterizedTest
  @CsvSource({
    "bert-gelu, FLOAT16, 2e-2",
    "gpt2-gelu-new, FLOAT16, 2e-2",
    "llama-silu, FLOAT16, 2e-2",
    "bert-gelu, BFLOAT16, 0.15",
    "gpt2-gelu-new, BFLOAT16, 0.15",
    "llama-silu, BFLOAT16, 0.15",
    "gpt2-bf16, BFLOAT16, 0.15"
  })
  void attributions_areCloseToFloat32(String fixture, Precision precision, double tolerance) {
    try (Transformer full = load(fixture, Precision.FLOAT32);
        Transformer half = load(fixture, precision)) {
      List<EncodedPrompt> prompts = RandomPrompts.of(full.architecture(), 6, 4);
      AttributionOptions options =
          new AttributionOptions(
              StepRule.MIDPOINT,
              20,
              AttributionTarget.LOG_PROBABILITY,
              TargetTokens.GOLD,
              AnswerPath.JOINT,
              2048);
      List<PromptAttribution> expected = Attributions.of(full, options, prompts);
      List<PromptAttribution> actual = Attributions.of(half, options, prompts);
      for (int l = 0; l < full.architecture().layers(); l++) {
        double error = 0;
        double norm = 0;
        for (int p = 0; p < prompts.size(); p++) {
          float[] e = expected.get(p).attributions()[l];
          float[] a = actual.get(p).attributions()[l];
          for (int i = 0; i < e.length; i++) {
            error += Math.pow((double) e[i] - a[i], 2);
            norm += Math.pow(e[i], 2);
          }
        }
        assertThat(Math.sqrt(error / norm)).as("layer %d", l).isBetween(1e-6, tolerance);
      }
    }
  }

  private static Transformer load(String fixture, Precision precision) {
    return TransformerLoader.load(
        ModelFolder.open(Fixture.named(fixture).folder()), Device.cpu(), precision);
  }
}
