package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ScanRun;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.stats.NeuronStatsRow;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Half precision, against float32: root mean square error of a layer, relative to its coefficients.
 */
class PrecisionTest {

  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, FLOAT16, 3e-3",
    "bert-gelu, FLOAT16, 3e-3",
    "llama-silu, FLOAT16, 3e-3",
    "gpt2-gelu-new, BFLOAT16, 25e-3",
    "bert-gelu, BFLOAT16, 25e-3",
    "llama-silu, BFLOAT16, 25e-3",
    "gpt2-bf16, BFLOAT16, 25e-3",
    "gpt-neox-hub-names, FLOAT16, 3e-3",
    "t5-gated-gelu, BFLOAT16, 25e-3"
  })
  void coefficients_areCloseToFloat32(String fixture, Precision precision, float tolerance) {
    int[][] sequences = Fixture.named(fixture).sequences().toArray(int[][]::new);
    try (Transformer full = load(fixture, Precision.FLOAT32);
        Transformer half = load(fixture, precision)) {
      Map<Integer, float[]> expected = coefficients(full, sequences);
      Map<Integer, float[]> actual = coefficients(half, sequences);
      for (int l = 0; l < full.architecture().layers(); l++) {
        float[] e = expected.get(l);
        float[] a = actual.get(l);
        assertThat(a).hasSameSizeAs(e).isNotEqualTo(e);
        double error = 0;
        double norm = 0;
        for (int i = 0; i < e.length; i++) {
          error += Math.pow((double) e[i] - a[i], 2);
          norm += Math.pow(e[i], 2);
        }
        assertThat(Math.sqrt(error / norm)).as("layer %d", l).isLessThan(tolerance);
      }
    }
  }

  /** The quadrants read the up projection, which must come as float32, too. */
  @ParameterizedTest
  @CsvSource({"FLOAT16, 1e-3, 0.01", "BFLOAT16, 1e-2, 0.05"})
  void statisticsOfAGatedModel_areCloseToFloat32(
      Precision precision, double tolerance, double fractions) {
    List<NeuronStatsRow> expected = statistics(Precision.FLOAT32);
    List<NeuronStatsRow> actual = statistics(precision);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i).mean()).isCloseTo(expected.get(i).mean(), within(tolerance));
      assertThat(actual.get(i).quadrantFractions())
          .containsExactly(expected.get(i).quadrantFractions(), within(fractions));
    }
  }

  private static List<NeuronStatsRow> statistics(Precision precision) {
    NeuronStatistics statistics = new NeuronStatistics();
    List<NeuronStatsRow> rows = new ArrayList<>();
    try (Transformer model = load("llama-silu", precision)) {
      var sequences = RandomSequences.of(model.architecture(), 60, 4);
      ScanRun.shard(statistics, model, 0, sequences, 512)
          .forEach(
              (block, packed) ->
                  rows.addAll(NeuronStatistics.rows(block.layer(), block.number(), packed)));
    }
    return rows;
  }

  private static Map<Integer, float[]> coefficients(Transformer model, int[][] sequences) {
    Map<Integer, float[]> byLayer = new HashMap<>();
    ForwardObserver observer =
        new ForwardObserver() {
          @Override
          public Set<Tap> taps() {
            return EnumSet.of(Tap.COEFFICIENTS);
          }

          @Override
          public void layer(LayerActivations layer, TokenBatch batch) {
            byLayer.put(layer.layer(), layer.coefficients().toFloatArray());
          }
        };
    TorchEngine.prepareThread();
    model.observe(TokenBatch.of(sequences), List.of(observer));
    return byLayer;
  }

  private static Transformer load(String fixture, Precision precision) {
    return TransformerLoader.load(
        ModelFolder.open(Fixture.named(fixture).folder()), Device.cpu(), precision);
  }
}
