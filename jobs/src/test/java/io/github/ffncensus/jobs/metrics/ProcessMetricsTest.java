package io.github.ffncensus.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.jobs.metrics.TaskClock.Phase;
import io.github.ffncensus.model.TokenBatch;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ProcessMetricsTest {

  @Test
  void batches_countTokensWithAndWithoutPadding() {
    ProcessMetrics metrics = new ProcessMetrics();
    assertThat(CountedSoFar.byName(metrics).values()).allMatch(value -> value == 0);
    metrics.batch(TokenBatch.of(new int[8], new int[6]));
    metrics.batch(TokenBatch.of(new int[4]));
    metrics.shard(11);
    assertThat(CountedSoFar.byName(metrics))
        .containsEntry("shards", 1.0)
        .containsEntry("batches", 2.0)
        .containsEntry("sequences", 3.0)
        .containsEntry("tokens", 18.0)
        .containsEntry("padded_tokens", 20.0)
        .containsEntry("padding_share", 1 - 18 / 20.0)
        .containsEntry("candidates", 11.0);
  }

  @Test
  void clock_givesEveryPhaseItsTime() throws InterruptedException {
    ProcessMetrics metrics = new ProcessMetrics();
    TaskClock clock = new TaskClock(metrics, Phase.WAIT_READ);
    Thread.sleep(20);
    clock.enter(Phase.COMPUTE);
    Thread.sleep(60);
    clock.enter(Phase.COMPUTE);
    clock.enter(Phase.WAIT_WRITE);
    clock.enter(Phase.WAIT_WRITE);
    Map<String, Double> values = CountedSoFar.byName(metrics);
    assertThat(values.get("wait_read_seconds")).isGreaterThanOrEqualTo(0.02);
    assertThat(values.get("compute_seconds")).isGreaterThanOrEqualTo(0.06);
    assertThat(values.get("wait_model_seconds")).isZero();
    assertThat(clock.seconds())
        .isCloseTo(
            values.entrySet().stream()
                .filter(value -> value.getKey().endsWith("_seconds"))
                .mapToDouble(Map.Entry::getValue)
                .sum(),
            within(1e-9));
    assertThat(clock.busyShare())
        .isCloseTo(values.get("device_busy_share"), within(1e-9))
        .isCloseTo(values.get("compute_seconds") / clock.seconds(), within(1e-9));
  }

  @Test
  void plugin_joinsThoseOfTheUser() {
    SparkConf conf = new SparkConf(false);
    CensusPlugin.addTo(conf);
    assertThat(conf.get("spark.plugins")).isEqualTo(CensusPlugin.class.getName());
    CensusPlugin.addTo(conf);
    assertThat(conf.get("spark.plugins")).isEqualTo(CensusPlugin.class.getName());
    conf.set("spark.plugins", "a.B, c.D");
    CensusPlugin.addTo(conf);
    assertThat(conf.get("spark.plugins")).isEqualTo("a.B,c.D," + CensusPlugin.class.getName());
  }
}
