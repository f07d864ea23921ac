package io.github.ffncensus.knowledge.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Runs and compares attributions. */
public final class Attributions {
  private Attributions() {}

  /** Attributions of prompts, in the order of their numbers. */
  public static List<PromptAttribution> of(
      Transformer model, AttributionOptions options, List<EncodedPrompt> prompts) {
    try (IntegratedGradients gradients = new IntegratedGradients(model, options)) {
      return of(gradients, prompts.stream().map(AttributionRequest::of).toList());
    }
  }

  /** Attributions of requests, in the order of their prompts' numbers. */
  static List<PromptAttribution> of(
      IntegratedGradients gradients, List<AttributionRequest> requests) {
    List<PromptAttribution> results = new ArrayList<>();
    gradients.attribute(requests, results::add);
    results.sort(Comparator.comparingInt(result -> result.prompt().promptId()));
    assertThat(results).hasSameSizeAs(requests);
    return results;
  }

  /**
   * Compares layer by layer.
   *
   * @param tolerance relative to the largest value of each layer
   */
  public static void assertClose(float[][] actual, float[][] expected, double tolerance) {
    assertThat(actual).hasDimensions(expected.length, expected[0].length);
    for (int l = 0; l < expected.length; l++) {
      double largest = 0;
      double worst = 0;
      for (int i = 0; i < expected[l].length; i++) {
        largest = Math.max(largest, Math.abs(expected[l][i]));
        worst = Math.max(worst, Math.abs(expected[l][i] - actual[l][i]));
      }
      assertThat(worst / largest).as("layer %d", l).isLessThan(tolerance);
    }
  }
}
