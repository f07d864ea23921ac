package io.github.ffncensus.analysis.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TorchEngine;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Moments of awkward values, against two passes in float64. */
class RunningSumsTest {
  private static final int NEURONS = 3;
  private static final int CHUNK_ROWS = 85;

  @ParameterizedTest
  @CsvSource({"0, 1", "1e4, 1e-2", "-1e4, 1e-2", "1e3, 10", "1e-6, 1e-7", "100, 1e-3"})
  void farFromZero_momentsStayExact(double mean, double sd) {
    Random random = new Random(3);
    float[][] shards = new float[5][];
    for (int s = 0; s < shards.length; s++) {
      shards[s] = new float[(20_000 + 1000 * s) * NEURONS];
      for (int i = 0; i < shards[s].length; i++) {
        shards[s][i] = (float) (mean + sd * random.nextGaussian());
      }
    }
    NeuronStatsRow row = statistics(shards);
    double[] expected = twoPass(shards);
    assertThat(row.mean()).isCloseTo(expected[0], within(1e-5 * sd));
    assertThat(row.stddev()).isCloseTo(expected[1], within(1e-5 * expected[1]));
    assertThat(row.skewness()).isCloseTo(expected[2], within(1e-4));
    assertThat(row.kurtosis()).isCloseTo(expected[3], within(1e-3));
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 1, 0.1f, -0.17f, 1234.567f, 1e-30f})
  void coefficientThatNeverVaries_hasNoSpreadAndNoShape(float value) {
    float[][] shards = new float[3][60_000 * NEURONS];
    for (float[] shard : shards) {
      Arrays.fill(shard, value);
    }
    NeuronStatsRow row = statistics(shards);
    assertThat(row.mean()).isCloseTo(value, within(1e-7 * Math.abs(value)));
    assertThat(row.stddev()).isZero();
    assertThat(row.skewness()).isNull();
    assertThat(row.kurtosis()).isNull();
    assertThat(row.p50()).isCloseTo(value, within(1e-4f));
    assertThat(row.p999()).isCloseTo(value, within(1e-4f));
  }

  @Test
  void moreRowsThanSixteenBitsCount_areAllCounted() {
    float[] x = new float[150_000 * NEURONS];
    Arrays.fill(x, 0, 140_000 * NEURONS, 0.3f);
    NeuronStatsRow row = statistics(x);
    assertThat(row.histogram()[CoefficientBuckets.of(0.3f)]).isEqualTo(140_000);
    assertThat(row.histogram()[CoefficientBuckets.ZERO]).isEqualTo(10_000);
    assertThat(row.activeFraction()).isEqualTo(140_000 / 150_000.0);
  }

  @Test
  void tinyPositiveValues_areActiveThoughTheirBucketIsTheOneAroundZero() {
    float[] x = new float[10 * NEURONS];
    Arrays.fill(x, -1e-7f);
    Arrays.fill(x, 0, 4 * NEURONS, 1e-7f);
    Arrays.fill(x, 4 * NEURONS, 5 * NEURONS, 0f);
    NeuronStatsRow row = statistics(x);
    assertThat(row.activeFraction()).isEqualTo(0.4);
    assertThat(row.histogram()[CoefficientBuckets.ZERO]).isEqualTo(10);
  }

  /** Statistics of the last neuron. */
  private static NeuronStatsRow statistics(float[]... shards) {
    StatisticsBlock merged = null;
    for (int shard = 0; shard < shards.length; shard++) {
      // Buckets are counted on the host and on the device in turn.
      StatisticsBlock block = block(shards[shard], shard, shard % 2 == 0);
      if (merged == null) {
        merged = block;
      } else {
        merged.add(block);
      }
    }
    return merged.rows(0, 0).get(NEURONS - 1);
  }

  private static StatisticsBlock block(float[] values, int shard, boolean countOnHost) {
    TorchEngine.prepareThread();
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        ScriptModule script =
            new ScriptModule(manager, RunningSums.CLASS_NAME, RunningSums.SOURCE)) {
      RunningSums sums = new RunningSums(script, manager, NEURONS, false, countOnHost);
      int rows = values.length / NEURONS;
      NDArray m = manager.create(values, new Shape(1, rows, NEURONS));
      LayerActivations layer = new LayerActivations(0, null, m, null, null, null, null, null);
      for (int from = 0; from < rows; from += CHUNK_ROWS) {
        sums.add(layer, LongStream.range(from, Math.min(rows, from + CHUNK_ROWS)).toArray());
      }
      return StatisticsBlock.unpack(sums.toHost().block(0, shard).pack());
    }
  }

  private static double[] twoPass(float[]... shards) {
    double n = 0;
    double sum = 0;
    for (float[] shard : shards) {
      for (int i = NEURONS - 1; i < shard.length; i += NEURONS) {
        sum += shard[i];
        n++;
      }
    }
    double mean = sum / n;
    double[] powers = new double[5];
    for (float[] shard : shards) {
      for (int i = NEURONS - 1; i < shard.length; i += NEURONS) {
        double d = shard[i] - mean;
        powers[2] += d * d / n;
        powers[3] += d * d * d / n;
        powers[4] += d * d * d * d / n;
      }
    }
    double sd = Math.sqrt(powers[2]);
    return new double[] {mean, sd, powers[3] / (sd * sd * sd), powers[4] / Math.pow(sd, 4) - 3};
  }
}
