package io.github.ffncensus.analysis.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.AllCoefficients.Cell;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ScanRun;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Statistics against an oracle that keeps every coefficient. */
class NeuronStatisticsTest {
  private static final NeuronStatistics STATISTICS = new NeuronStatistics();

  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, 1, 1",
    "gpt2-gelu-new, 7, 1",
    "gpt2-gelu-new, 3, 4096",
    "bert-gelu, 5, 64",
    "llama-silu, 1, 1",
    "llama-silu, 4, 4096",
    "gpt2-relu-untied, 2, 1"
  })
  void rows_equalTheOracle(String fixture, int shards, int tokenBudget) {
    try (Transformer model = load(fixture)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 80, 7);
      AllCoefficients all = AllCoefficients.of(model, corpus);
      List<NeuronStatsRow> rows =
          rows(
              ScanRun.merged(
                  STATISTICS, model, ScanRun.split(corpus, shards), tokenBudget, shards));
      assertThat(rows).hasSize((int) model.architecture().neurons());
      for (NeuronStatsRow row : rows) {
        List<Cell> cells = all.cells(row.layer(), row.neuron());
        assertEqual(row, cells, tokenBudget == 1 ? 0 : 1e-5f);
        if (model.architecture().gated()) {
          assertQuadrants(row, cells);
        } else {
          assertThat(row.quadrantFractions()).isNull();
          assertThat(row.quadrantMeans()).isNull();
        }
      }
    }
  }

  @Test
  void anyMergeOrder_givesTheSameBits() {
    try (Transformer model = load("llama-silu")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 30, 8);
      List<List<TokenSequence>> shards = ScanRun.split(corpus, 7);
      List<Map<ScanRun.Block, byte[]>> partials = new ArrayList<>();
      for (int shard = 0; shard < shards.size(); shard++) {
        partials.add(ScanRun.shard(STATISTICS, model, shard, shards.get(shard), 256));
      }
      Map<ScanRun.Block, byte[]> expected = ScanRun.merged(STATISTICS, partials, 0);
      for (int seed = 1; seed < 60; seed++) {
        Map<ScanRun.Block, byte[]> merged = ScanRun.merged(STATISTICS, partials, seed);
        assertThat(merged.keySet()).isEqualTo(expected.keySet());
        merged.forEach((block, packed) -> assertThat(packed).isEqualTo(expected.get(block)));
      }
    }
  }

  /**
   * @param tolerance of a single coefficient
   */
  private static void assertEqual(NeuronStatsRow row, List<Cell> cells, float tolerance) {
    float[] x = new float[cells.size()];
    for (int i = 0; i < x.length; i++) {
      x[i] = cells.get(i).value();
    }
    Arrays.sort(x);
    int n = x.length;
    double mean = 0;
    for (float value : x) {
      mean += value / (double) n;
    }
    double[] power = new double[5];
    for (float value : x) {
      for (int p = 2; p <= 4; p++) {
        power[p] += Math.pow(value - mean, p) / n;
      }
    }
    double sd = Math.sqrt(power[2]);
    assertThat(row.tokenCount()).isEqualTo(n);
    assertThat(row.mean()).isCloseTo(mean, within(1e-6 * sd + tolerance));
    assertThat(row.stddev()).isCloseTo(sd, within(1e-6 * sd + tolerance));
    if (x[0] == x[n - 1]) {
      assertThat(row.skewness()).isNull();
      assertThat(row.kurtosis()).isNull();
    } else {
      assertShape(row, power, tolerance);
    }
    assertThat(row.min()).isCloseTo(x[0], within(tolerance));
    assertThat(row.max()).isCloseTo(x[n - 1], within(tolerance));
    long positive = cells.stream().filter(cell -> cell.value() > 0).count();
    assertThat(row.activeFraction()).isEqualTo(positive / (double) n);
    assertThat(Arrays.stream(row.histogram()).sum()).isEqualTo(n);
    assertThat(row.histogram()).hasSize(CoefficientBuckets.COUNT);
    double[] quantiles = {0.5, 0.9, 0.99, 0.999};
    float[] estimates = {row.p50(), row.p90(), row.p99(), row.p999()};
    for (int i = 0; i < quantiles.length; i++) {
      double exact = x[(int) Math.ceil(quantiles[i] * n) - 1];
      double allowed = Math.max(Math.abs(exact) / 16, Math.scalb(1.0, -14)) + tolerance;
      assertThat((double) estimates[i]).isCloseTo(exact, within(allowed));
    }
  }

  /**
   * The bounds follow from moving every coefficient by up to {@code tolerance}, to first order: a
   * neuron that hardly varies has a shape that float noise changes.
   */
  private static void assertShape(NeuronStatsRow row, double[] power, float tolerance) {
    double sd = Math.sqrt(power[2]);
    double shift = tolerance / sd;
    double skewness = power[3] / Math.pow(sd, 3);
    double kurtosis = power[4] / Math.pow(sd, 4);
    double skewnessBound = 1e-5 + shift * (6 + 3 * Math.abs(skewness));
    double kurtosisBound = (1e-5 + 8 * shift) * (1 + kurtosis);
    assertThat(row.skewness()).isCloseTo(skewness, within(skewnessBound));
    assertThat(row.kurtosis()).isCloseTo(kurtosis - 3, within(kurtosisBound));
  }

  private static void assertQuadrants(NeuronStatsRow row, List<Cell> cells) {
    double[] sums = new double[4];
    long[] counts = new long[4];
    for (Cell cell : cells) {
      int quadrant = (cell.gate() > 0 ? 0 : 2) + (cell.up() > 0 ? 0 : 1);
      counts[quadrant]++;
      sums[quadrant] += cell.value();
    }
    for (int q = 0; q < 4; q++) {
      assertThat(row.quadrantFractions()[q]).isEqualTo(counts[q] / (double) cells.size());
      double mean = counts[q] == 0 ? 0 : sums[q] / counts[q];
      assertThat(row.quadrantMeans()[q]).isCloseTo(mean, within(1e-5));
    }
  }

  private static List<NeuronStatsRow> rows(Map<ScanRun.Block, byte[]> blocks) {
    List<NeuronStatsRow> rows = new ArrayList<>();
    blocks.forEach(
        (block, packed) ->
            rows.addAll(NeuronStatistics.rows(block.layer(), block.number(), packed)));
    return rows;
  }

  private static Transformer load(String fixture) {
    return TransformerLoader.load(
        ModelFolder.open(Fixture.named(fixture).folder()), Device.cpu(), Precision.FLOAT32);
  }
}
