package io.github.ffncensus.analysis.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The statistics that GPUs compute, here on the CPU device, against those of the host loops. */
class DeviceStatisticsTest {

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-relu-untied", "llama-silu"})
  void onDevice_countsAndSumsAsTheHostDoes(String fixture) {
    try (Transformer model = DeviceShards.model(fixture)) {
      List<NeuronStatsRow> host = scan(model, new NeuronStatistics().observe(model, 0));
      List<NeuronStatsRow> device = scan(model, NeuronStatistics.onDevice(model, 0));
      assertThat(device).hasSameSizeAs(host).hasSizeGreaterThan(100);
      for (int i = 0; i < host.size(); i++) {
        assertSame(host.get(i), device.get(i));
      }
    }
  }

  private static void assertSame(NeuronStatsRow host, NeuronStatsRow device) {
    assertThat(device.tokenCount()).isEqualTo(host.tokenCount()).isPositive();
    assertThat(device.histogram()).isEqualTo(host.histogram());
    assertThat(device.min()).isEqualTo(host.min());
    assertThat(device.max()).isEqualTo(host.max());
    assertThat(device.activeFraction()).isEqualTo(host.activeFraction());
    assertThat(device.mean()).isCloseTo(host.mean(), within(1e-6 + 1e-5 * host.stddev()));
    assertThat(device.stddev()).isCloseTo(host.stddev(), within(1e-5 * host.stddev()));
    if (host.skewness() != null) {
      assertThat(device.skewness()).isCloseTo(host.skewness(), within(1e-3));
      assertThat(device.kurtosis())
          .isCloseTo(host.kurtosis(), within(1e-3 * (3 + Math.abs(host.kurtosis()))));
    }
    assertThat(device.quadrantFractions()).isEqualTo(host.quadrantFractions());
    if (host.quadrantMeans() != null) {
      assertThat(device.quadrantMeans()).containsExactly(host.quadrantMeans(), within(1e-5));
    }
  }

  private static List<NeuronStatsRow> scan(Transformer model, ShardObserver observer) {
    List<NeuronStatsRow> rows = new ArrayList<>();
    DeviceShards.scan(
        model,
        observer,
        (layer, block, packed) -> rows.addAll(NeuronStatistics.rows(layer, block, packed)));
    return rows;
  }
}
