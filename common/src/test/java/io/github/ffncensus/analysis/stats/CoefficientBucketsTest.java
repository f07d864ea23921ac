package io.github.ffncensus.analysis.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the buckets promise: their bounds, and how far a quantile may be off. */
class CoefficientBucketsTest {
  private static final double NEAR_ZERO = Math.scalb(1.0, -14);
  private static final double OUTER = 1024;

  @Test
  void bounds_areContiguousAndAscend() {
    for (int bucket = 1; bucket < CoefficientBuckets.COUNT; bucket++) {
      assertThat(CoefficientBuckets.lowerBound(bucket))
          .isGreaterThan(CoefficientBuckets.lowerBound(bucket - 1))
          .isEqualTo(CoefficientBuckets.upperBound(bucket - 1));
    }
    assertThat(CoefficientBuckets.lowerBound(0)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(CoefficientBuckets.upperBound(CoefficientBuckets.COUNT - 1))
        .isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(CoefficientBuckets.lowerBound(CoefficientBuckets.ZERO)).isEqualTo(-NEAR_ZERO);
  }

  /** A bucket holds its end that is farther from zero. */
  @Test
  void boundaryValues_fallInwards() {
    for (int bucket = CoefficientBuckets.ZERO + 1; bucket < CoefficientBuckets.COUNT; bucket++) {
      float bound = (float) CoefficientBuckets.lowerBound(bucket);
      assertThat(CoefficientBuckets.of(bound)).isEqualTo(bucket - 1);
      assertThat(CoefficientBuckets.of(Math.nextUp(bound))).isEqualTo(bucket);
      assertThat(CoefficientBuckets.of(-bound)).isEqualTo(CoefficientBuckets.COUNT - bucket);
    }
  }

  @Test
  void everyValue_liesInItsBucket_andBucketsAscendWithIt() {
    Random random = new Random(5);
    float[] values = new float[200_000];
    for (int i = 0; i < values.length; i++) {
      float any = Float.intBitsToFloat(random.nextInt());
      values[i] = Float.isFinite(any) ? any : (float) random.nextGaussian();
    }
    values[0] = Float.MAX_VALUE;
    values[1] = -Float.MAX_VALUE;
    values[2] = Float.MIN_VALUE;
    values[3] = -0f;
    Arrays.sort(values);
    int last = 0;
    for (float value : values) {
      int bucket = CoefficientBuckets.of(value);
      assertThat(bucket).isBetween(last, CoefficientBuckets.COUNT - 1);
      assertThat((double) value)
          .isBetween(CoefficientBuckets.lowerBound(bucket), CoefficientBuckets.upperBound(bucket));
      last = bucket;
    }
  }

  static Stream<Arguments> distributions() {
    return Stream.of(
        distribution("normal", u -> 3 * gaussian(u)),
        distribution("relu", u -> Math.max(0, gaussian(u))),
        distribution("gelu-like", u -> gaussian(u) > 0 ? gaussian(u) : -0.17 * u),
        distribution("heavy tails", u -> Math.tan(Math.PI * (u - 0.5)) / 50),
        distribution("tiny", u -> 1e-6 * (u - 0.5)),
        distribution("all zero", u -> 0),
        distribution("constant", u -> 0.731),
        distribution("constant, negative", u -> -2.1),
        distribution("two values", u -> u < 0.95 ? -0.1 : 7),
        distribution("huge", u -> Math.exp(20 * u)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("distributions")
  void quantile_isOffByLessThanOneSixteenth(String name, DoubleUnaryOperator value) {
    Random random = new Random(name.hashCode());
    for (int n : new int[] {1, 2, 10, 999, 20_000}) {
      float[] x = new float[n];
      long[] histogram = new long[CoefficientBuckets.COUNT];
      for (int i = 0; i < n; i++) {
        x[i] = (float) value.applyAsDouble(random.nextDouble());
        histogram[CoefficientBuckets.of(x[i])]++;
      }
      Arrays.sort(x);
      for (double q : new double[] {0.001, 0.5, 0.9, 0.99, 0.999, 1}) {
        float exact = x[Math.max(1, (int) Math.ceil(q * n)) - 1];
        float estimate = CoefficientBuckets.quantile(histogram, q, x[0], x[n - 1]);
        assertThat(estimate).isBetween(x[0], x[n - 1]);
        if (Math.abs(exact) < OUTER) {
          assertThat((double) estimate)
              .as("n = %d, q = %f", n, q)
              .isCloseTo(exact, within(Math.max(Math.abs(exact) / 16, NEAR_ZERO)));
        } else {
          assertThat(Math.abs(estimate)).isGreaterThanOrEqualTo((float) OUTER);
        }
      }
    }
  }

  private static Arguments distribution(String name, DoubleUnaryOperator quantileFunction) {
    return Arguments.of(name, quantileFunction);
  }

  /** About normal, by the logistic approximation of the quantile function. */
  private static double gaussian(double u) {
    return Math.log(Math.max(u, 1e-9) / Math.max(1 - u, 1e-9)) / 1.702;
  }
}
