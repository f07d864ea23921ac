package io.github.ffncensus.interpret.perturbations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PerturbationSummaryTest {

  /** Property 27: undefined ones are counted, and enter no mean as 0. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 64, 65, 1000})
  void summary_isWhatItsRowsSay(int rows) {
    double[] relative = new Random(1).doubles(rows, -1, 0.5).toArray();
    double[] control = new Random(2).doubles(rows, -1, 1).toArray();
    PerturbationSummary.Sums sums = new PerturbationSummary.Sums();
    for (int row = 0; row < rows; row++) {
      sums.add(relative[row], control[row]);
    }
    PerturbationSummary summary = sums.summary(3, Removal.RANDOM, rows + 7);
    assertThat(summary.layer()).isEqualTo(3);
    assertThat(summary.removed()).isEqualTo("random");
    assertThat(summary.rows()).isEqualTo(rows);
    assertThat(summary.undefined()).isEqualTo(7);
    assertThat(summary.meanRelativeChange())
        .isCloseTo(Arrays.stream(relative).average().orElseThrow(), within(1e-12));
    assertThat(summary.meanControlChange())
        .isCloseTo(Arrays.stream(control).average().orElseThrow(), within(1e-12));
    assertThat(summary.meanAbsoluteControlChange())
        .isCloseTo(Arrays.stream(control).map(Math::abs).average().orElseThrow(), within(1e-12));
    double[] sorted = Arrays.stream(relative).sorted().toArray();
    double expected =
        rows % 2 == 1 ? sorted[rows / 2] : (sorted[rows / 2 - 1] + sorted[rows / 2]) / 2;
    assertThat(summary.medianRelativeChange()).isCloseTo(expected, within(1e-15));
  }

  @Test
  void summaryWithoutRows_hasNoMeans() {
    PerturbationSummary summary = new PerturbationSummary.Sums().summary(0, Removal.FIRST, 5);
    assertThat(summary.rows()).isZero();
    assertThat(summary.undefined()).isEqualTo(5);
    assertThat(summary.meanRelativeChange()).isNaN();
    assertThat(summary.medianRelativeChange()).isNaN();
    assertThat(summary.meanControlChange()).isNaN();
    assertThat(summary.meanAbsoluteControlChange()).isNaN();
  }
}
