package io.github.ffncensus.knowledge.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.model.PlainTransformer.Change;
import io.github.ffncensus.model.Transformer;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients along the path against central differences of probabilities in double arithmetic. */
class CentralDifferencesTest {
  private static final int STEPS = 3;
  private static final double STEP = 1e-4;

  static List<ExpectedAttributions> fixtures() {
    return ExpectedAttributions.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void attributions_areThoseOfDifferences(ExpectedAttributions fixture) {
    EncodedPrompt prompt = fixture.prompts().get(0);
    AnswerContext context = prompt.contexts().get(0);
    PlainTransformer plain = new PlainTransformer(fixture.fixture().folder());
    try (Transformer model = fixture.load()) {
      PromptAttribution result =
          Attributions.of(model, AttributionOptions.of(StepRule.MIDPOINT, STEPS), List.of(prompt))
              .get(0);
      for (int l = 0; l < model.architecture().layers(); l++) {
        float[] actual = result.attributions()[l];
        List<Integer> neurons = strongest(actual);
        double[] coefficients = coefficients(plain, context, l, actual.length);
        double largest = Math.abs(actual[neurons.get(0)]);
        for (int neuron : neurons) {
          double mean = 0;
          for (double alpha : StepRule.MIDPOINT.alphas(STEPS)) {
            mean +=
                (probability(plain, context, l, alpha, neuron, STEP)
                        - probability(plain, context, l, alpha, neuron, -STEP))
                    / (2 * STEP)
                    / STEPS;
          }
          assertThat((double) actual[neuron])
              .as("layer %d, neuron %d", l, neuron)
              .isCloseTo(coefficients[neuron] * mean, within(2e-5 * largest));
        }
      }
    }
  }

  /** The six neurons with the largest attributions of either sign, the first of them first. */
  private static List<Integer> strongest(float[] attributions) {
    return IntStream.range(0, attributions.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -Math.abs(attributions[i])))
        .limit(6)
        .toList();
  }

  private static double[] coefficients(
      PlainTransformer plain, AnswerContext context, int layer, int neurons) {
    double[] coefficients = new double[neurons];
    int position = context.positions()[0];
    plain.probabilities(
        context.tokens(),
        position,
        (l, at, i, c) -> {
          if (l == layer && at == position) {
            coefficients[i] = c;
          }
          return c;
        });
    return coefficients;
  }

  /** P of the answer, the layer scaled by alpha at its position and one neuron moved from there. */
  private static double probability(
      PlainTransformer plain,
      AnswerContext context,
      int layer,
      double alpha,
      int neuron,
      double step) {
    int position = context.positions()[0];
    Change change =
        (l, at, i, c) -> l == layer && at == position ? alpha * c + (i == neuron ? step : 0) : c;
    return plain.probabilities(context.tokens(), position, change)[context.answers()[0]];
  }
}
