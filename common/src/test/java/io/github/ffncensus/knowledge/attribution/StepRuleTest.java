package io.github.ffncensus.knowledge.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each rule makes of integrals that are known. */
class StepRuleTest {

  @Test
  void points() {
    assertThat(StepRule.LEFT.alphas(4)).containsExactly(0, 0.25, 0.5, 0.75);
    assertThat(StepRule.RIGHT.alphas(4)).containsExactly(0.25, 0.5, 0.75, 1);
    assertThat(StepRule.LINSPACE.alphas(5)).containsExactly(0, 0.25, 0.5, 0.75, 1);
    assertThat(StepRule.MIDPOINT.alphas(4)).containsExactly(0.125, 0.375, 0.625, 0.875);
  }

  /** F = alpha^2, so F(1) - F(0) = 1: one rule is early by 1/m, one late by 1/m. */
  @ParameterizedTest
  @CsvSource({"LEFT, 0.95", "RIGHT, 1.05", "LINSPACE, 1", "MIDPOINT, 1"})
  void quadratic(StepRule rule, double expected) {
    assertThat(mean(rule, 20, alpha -> 2 * alpha)).isCloseTo(expected, within(1e-12));
  }

  /**
   * F = alpha^3: 1 - 3/(2m) + 1/(2m^2), 1 + 3/(2m) + 1/(2m^2), (2m - 1) / (2m - 2), 1 - 1/(4m^2).
   */
  @ParameterizedTest
  @CsvSource({
    "LEFT, 0.92625",
    "RIGHT, 1.07625",
    "LINSPACE, 1.0263157894736843",
    "MIDPOINT, 0.999375"
  })
  void cubic(StepRule rule, double expected) {
    assertThat(mean(rule, 20, alpha -> 3 * alpha * alpha)).isCloseTo(expected, within(1e-12));
  }

  @Test
  void tooFewSteps_areRefused() {
    assertThatThrownBy(() -> StepRule.LINSPACE.alphas(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 2");
    assertThatThrownBy(() -> AttributionOptions.of(StepRule.MIDPOINT, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static double mean(StepRule rule, int steps, DoubleUnaryOperator gradient) {
    return Arrays.stream(rule.alphas(steps)).map(gradient).average().orElseThrow();
  }
}
