package io.github.ffncensus.knowledge.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every family against integrated gradients of the Hugging Face implementation in float64. */
class AttributionParityTest {
  /** Relative to the largest value of each layer. */
  private static final double TOLERANCE = 1e-4;

  static List<ExpectedAttributions> fixtures() {
    return ExpectedAttributions.all();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void everyRule(ExpectedAttributions fixture) {
    try (Transformer model = fixture.load()) {
      for (StepRule rule : StepRule.values()) {
        AttributionOptions options = AttributionOptions.of(rule, ExpectedAttributions.STEPS);
        assertExpected(
            fixture,
            run(model, options, null, fixture.requests()),
            rule.name().toLowerCase(Locale.ROOT) + ".probability",
            "probability");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void everyTarget(ExpectedAttributions fixture) {
    try (Transformer model = fixture.load()) {
      for (AttributionTarget target :
          List.of(AttributionTarget.LOG_PROBABILITY, AttributionTarget.CONTRAST)) {
        String name = target.name().toLowerCase(Locale.ROOT);
        List<PromptAttribution> results =
            run(
                model,
                options(target, TargetTokens.GIVEN, AnswerPath.JOINT),
                null,
                fixture.requests());
        assertExpected(fixture, results, "midpoint." + name, name);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void piecesOfTheirOwn(ExpectedAttributions fixture) {
    try (Transformer model = fixture.load()) {
      List<PromptAttribution> results =
          run(
              model,
              options(AttributionTarget.PROBABILITY, TargetTokens.GOLD, AnswerPath.PER_PIECE),
              null,
              fixture.requests());
      assertExpected(fixture, results, "midpoint.per_piece", "per_piece");
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void baselineOfEachNeuron(ExpectedAttributions fixture) {
    AttributionOptions options = AttributionOptions.of(StepRule.MIDPOINT, 20);
    try (Transformer model = fixture.load()) {
      for (AttributionRequest request : fixture.requests()) {
        int number = request.prompt().promptId();
        float[][] baseline = fixture.matrix(number, "baseline");
        PromptAttribution result = run(model, options, baseline, List.of(request)).get(0);
        Attributions.assertClose(
            result.attributions(), fixture.matrix(number, "midpoint.baseline"), TOLERANCE);
        assertThat(result.zeroed())
            .containsExactly(doubles(fixture.floats(number, "zeroed.baseline")), within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void predictedTokens_areThoseOfTheCleanPass(ExpectedAttributions fixture) {
    try (Transformer model = fixture.load()) {
      List<PromptAttribution> predicted =
          run(
              model,
              options(AttributionTarget.PROBABILITY, TargetTokens.PREDICTED, AnswerPath.JOINT),
              null,
              fixture.requests());
      for (PromptAttribution result : predicted) {
        AttributionRequest asked = fixture.requests().get(result.prompt().promptId());
        List<int[]> tokens = new ArrayList<>();
        int next = 0;
        for (int[] gold : asked.given()) {
          int[] ofContext = new int[gold.length];
          for (int j = 0; j < gold.length; j++) {
            ofContext[j] = result.answer().predicted()[next++];
          }
          tokens.add(ofContext);
        }
        PromptAttribution given =
            run(
                    model,
                    options(AttributionTarget.PROBABILITY, TargetTokens.GIVEN, AnswerPath.JOINT),
                    null,
                    List.of(new AttributionRequest(result.prompt(), tokens, List.of())))
                .get(0);
        Attributions.assertClose(result.attributions(), given.attributions(), 1e-6);
        assertThat(result.full()).isGreaterThan(Math.exp(result.answer().logProbability()));
      }
    }
  }

  private static AttributionOptions options(
      AttributionTarget target, TargetTokens tokens, AnswerPath path) {
    return new AttributionOptions(
        StepRule.MIDPOINT, ExpectedAttributions.STEPS, target, tokens, path, 2048);
  }

  private static List<PromptAttribution> run(
      Transformer model,
      AttributionOptions options,
      float[][] baseline,
      List<AttributionRequest> requests) {
    try (IntegratedGradients gradients = new IntegratedGradients(model, options, baseline)) {
      return Attributions.of(gradients, requests);
    }
  }

  private static void assertExpected(
      ExpectedAttributions fixture,
      List<PromptAttribution> results,
      String attributions,
      String target) {
    for (PromptAttribution result : results) {
      int number = result.prompt().promptId();
      Attributions.assertClose(
          result.attributions(), fixture.matrix(number, attributions), TOLERANCE);
      Attributions.assertClose(
          result.coefficients(), fixture.matrix(number, "coefficients"), TOLERANCE);
      double full = fixture.floats(number, "full." + target)[0];
      assertThat(result.full()).isCloseTo(full, within(TOLERANCE * Math.abs(full)));
      double[] zeroed = doubles(fixture.floats(number, "zeroed." + target));
      for (int l = 0; l < zeroed.length; l++) {
        assertThat(result.zeroed()[l])
            .isCloseTo(zeroed[l], within(TOLERANCE * Math.abs(zeroed[l])));
      }
      assertThat(result.pieceRanks()).isEqualTo(fixture.integers(number, "ranks"));
      assertThat(result.answer().predicted()).isEqualTo(fixture.integers(number, "predicted"));
      assertThat(result.pieceLogProbabilities())
          .containsExactly(doubles(fixture.floats(number, "log_probabilities")), within(1e-4));
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
