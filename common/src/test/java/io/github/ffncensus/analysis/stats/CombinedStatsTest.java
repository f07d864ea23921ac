package io.github.ffncensus.analysis.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows over parts of a neuron's values, against the plain formulas over all of them. */
class CombinedStatsTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void rowOfAllParts(int parts) {
    Random random = new Random(parts);
    List<Float> all = new ArrayList<>();
    List<NeuronStatsRow> rows = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      List<Float> values = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(2000); i++) {
        values.add((float) (random.nextGaussian() * (part + 1) + 3 * part));
      }
      all.addAll(values);
      rows.add(row(values));
    }
    NeuronStatsRow combined = NeuronStatsRow.combined(rows);
    NeuronStatsRow expected = row(all);
    assertThat(combined.tokenCount()).isEqualTo(expected.tokenCount());
    assertThat(combined.min()).isEqualTo(expected.min());
    assertThat(combined.max()).isEqualTo(expected.max());
    assertThat(combined.histogram()).isEqualTo(expected.histogram());
    assertThat(combined.activeFraction()).isEqualTo(expected.activeFraction());
    assertThat(combined.p50()).isEqualTo(expected.p50());
    assertThat(combined.p999()).isEqualTo(expected.p999());
    assertThat(combined.mean()).isCloseTo(expected.mean(), within(1e-12));
    assertThat(combined.stddev()).isCloseTo(expected.stddev(), within(1e-12));
    assertThat(combined.skewness()).isCloseTo(expected.skewness(), within(1e-10));
    assertThat(combined.kurtosis()).isCloseTo(expected.kurtosis(), within(1e-10));
    assertThat(combined.quadrantFractions()).isEqualTo(expected.quadrantFractions());
    for (int q = 0; q < 4; q++) {
      assertThat(combined.quadrantMeans()[q]).isCloseTo(expected.quadrantMeans()[q], within(1e-12));
    }
  }

  @Test
  void partsThatNeverVary() {
    NeuronStatsRow combined =
        NeuronStatsRow.combined(List.of(row(List.of(2f, 2f)), row(List.of(2f))));
    assertThat(combined.stddev()).isZero();
    assertThat(combined.skewness()).isNull();
    combined = NeuronStatsRow.combined(List.of(row(List.of(2f, 2f)), row(List.of(5f))));
    assertThat(combined.mean()).isCloseTo(3, within(1e-15));
    assertThat(combined.stddev()).isCloseTo(Math.sqrt(2), within(1e-15));
    assertThat(combined.skewness()).isCloseTo(Math.sqrt(0.5), within(1e-12));
  }

  /** Quadrants by the value itself: above 1, above 0, above -1, below. */
  private static int quadrant(float value) {
    return value > 1 ? 0 : value > 0 ? 1 : value > -1 ? 2 : 3;
  }

  private static NeuronStatsRow row(List<Float> values) {
    double n = values.size();
    double mean = values.stream().mapToDouble(v -> v).sum() / n;
    double[] central = new double[5];
    long[] histogram = new long[CoefficientBuckets.COUNT];
    double[] fractions = new double[4];
    double[] means = new double[4];
    long positive = 0;
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      for (int power = 2; power <= 4; power++) {
        central[power] += Math.pow(value - mean, power) / n;
      }
      histogram[CoefficientBuckets.of(value)]++;
      positive += value > 0 ? 1 : 0;
      min = Math.min(min, value);
      max = Math.max(max, value);
      fractions[quadrant(value)]++;
      means[quadrant(value)] += value;
    }
    for (int q = 0; q < 4; q++) {
      means[q] = fractions[q] == 0 ? 0 : means[q] / fractions[q];
      fractions[q] /= n;
    }
    boolean varies = min < max;
    double variance = varies ? central[2] : 0;
    return new NeuronStatsRow(
        1,
        7,
        values.size(),
        mean,
        Math.sqrt(variance),
        varies ? central[3] / Math.pow(variance, 1.5) : null,
        varies ? central[4] / (variance * variance) - 3 : null,
        min,
        max,
        positive / n,
        CoefficientBuckets.quantile(histogram, 0.5, min, max),
        CoefficientBuckets.quantile(histogram, 0.9, min, max),
        CoefficientBuckets.quantile(histogram, 0.99, min, max),
        CoefficientBuckets.quantile(histogram, 0.999, min, max),
        histogram,
        fractions,
        means);
  }
}
