package io.github.ffncensus.interpret.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.AllCoefficients.Cell;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Examples against all coefficients of the sampled positions. */
class ExampleSearchTest {
  private static final double[] QUANTILES = {0.5, 0.9, 0.99, 0.999};
  private static final int PER_BAND = 3;
  private static final PositionSample SAMPLE = new PositionSample.Rate(0.7, 5);

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "gpt2-relu-untied", "llama-silu", "bert-gelu"})
  void examples_areThoseWithTheSmallestKeys(String name) {
    try (Transformer model = load(name)) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 60, 8);
      AllCoefficients all = AllCoefficients.of(model, corpus);
      float[][][] quantiles = quantiles(model, all);
      List<ActivationExample> examples = search(model, corpus, quantiles, 90, 1);
      Map<String, List<ActivationExample>> byBand = byBand(examples);
      int checked = 0;
      for (int l = 0; l < model.architecture().layers(); l++) {
        for (int i = 0; i < model.architecture().intermediate(); i++) {
          List<Cell> cells = sampled(all.cells(l, i));
          for (QuantileBand band : QuantileBand.values()) {
            if (!doubtful(cells, quantiles[l], i)) {
              check(byBand.getOrDefault(key(l, i, band), List.of()), cells, quantiles[l], i, band);
              checked++;
            }
          }
        }
      }
      assertThat(checked).isGreaterThan(model.architecture().intermediate());
    }
  }

  private static void check(
      List<ActivationExample> examples,
      List<Cell> cells,
      float[][] quantiles,
      int neuron,
      QuantileBand band) {
    List<Cell> inBand =
        cells.stream().filter(cell -> inside(cell.value(), quantiles, neuron, band)).toList();
    assertThat(examples).hasSize(Math.min(PER_BAND, inBand.size()));
    assertThat(examples)
        .extracting(ActivationExample::key)
        .isSortedAccordingTo(Comparator.naturalOrder())
        .doesNotHaveDuplicates();
    for (ActivationExample example : examples) {
      assertThat(example.positionsInBand()).isEqualTo(inBand.size());
      Cell cell =
          inBand.stream()
              .filter(
                  c ->
                      c.sequence().id() == example.sequenceId()
                          && c.position() == example.position())
              .findFirst()
              .orElseThrow();
      assertThat(example.coefficient()).isCloseTo(cell.value(), within(1e-5f));
    }
  }

  private static boolean inside(float value, float[][] quantiles, int neuron, QuantileBand band) {
    int b = band.ordinal();
    return (b == 0 || value > quantiles[b - 1][neuron])
        && (b == quantiles.length || value <= quantiles[b][neuron]);
  }

  /** A coefficient that batching may push over a bound. */
  private static boolean doubtful(List<Cell> cells, float[][] quantiles, int neuron) {
    return cells.stream()
        .anyMatch(
            cell ->
                Arrays.stream(quantiles)
                    .anyMatch(q -> cell.value() != 0 && Math.abs(cell.value() - q[neuron]) < 1e-6));
  }

  private static List<Cell> sampled(List<Cell> cells) {
    return cells.stream()
        .filter(
            cell -> Arrays.stream(SAMPLE.of(cell.sequence())).anyMatch(p -> p == cell.position()))
        .toList();
  }

  /** Between two coefficients each, so that few are near a bound. */
  private static float[][][] quantiles(Transformer model, AllCoefficients all) {
    int neurons = model.architecture().intermediate();
    float[][][] quantiles = new float[model.architecture().layers()][QUANTILES.length][neurons];
    for (int l = 0; l < quantiles.length; l++) {
      for (int i = 0; i < neurons; i++) {
        double[] sorted = all.cells(l, i).stream().mapToDouble(Cell::value).sorted().toArray();
        for (int q = 0; q < QUANTILES.length; q++) {
          int at = (int) Math.min(sorted.length - 2, Math.floor(QUANTILES[q] * sorted.length));
          quantiles[l][q][i] = (float) ((sorted[at] + sorted[at + 1]) / 2);
        }
      }
    }
    return quantiles;
  }

  /** What is drawn of a whole is drawn of what was drawn of its parts. */
  @Test
  void partsOfTheCorpus_mergeToTheExamplesOfTheWhole() {
    try (Transformer model = load("gpt2-relu-untied")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 60, 9);
      float[][][] quantiles = quantiles(model, AllCoefficients.of(model, corpus));
      // Every sequence alone, so that no coefficient is rounded in another way.
      Map<String, List<ActivationExample>> whole = byBand(search(model, corpus, quantiles, 1, 1));
      List<ActivationExample> parts = new ArrayList<>();
      for (int from = 0; from < 60; from += 20) {
        parts.addAll(search(model, corpus.subList(from, from + 20), quantiles, 1, 1));
      }
      Map<String, List<ActivationExample>> merged = byBand(parts);
      assertThat(merged.keySet()).isEqualTo(whole.keySet());
      whole.forEach(
          (band, examples) -> assertThat(keys(merged.get(band))).isEqualTo(keys(examples)));
    }
  }

  /** The smallest ones. */
  private static List<Long> keys(List<ActivationExample> examples) {
    return examples.stream().map(ActivationExample::key).sorted().limit(PER_BAND).toList();
  }

  @Test
  void neurons_haveExamplesOfTheirOwn_andOtherSeedsDrawOthers() {
    try (Transformer model = load("gpt2-gelu-new")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 60, 10);
      float[][][] quantiles = quantiles(model, AllCoefficients.of(model, corpus));
      List<ActivationExample> one = low(search(model, corpus, quantiles, 100, 1));
      List<ActivationExample> other = low(search(model, corpus, quantiles, 100, 2));
      long places = one.stream().map(e -> e.sequenceId() + ":" + e.position()).distinct().count();
      assertThat(places).isGreaterThan(100);
      assertThat(one).isNotEqualTo(other);
    }
  }

  private static List<ActivationExample> low(List<ActivationExample> examples) {
    return examples.stream().filter(e -> e.band() == QuantileBand.TO_P50).toList();
  }

  /** Every position of a band is as likely to be drawn. */
  @Test
  void draws_areUniform() {
    try (Transformer model = load("gpt2-gelu-new")) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 4, 11);
      int layers = model.architecture().layers();
      int neurons = model.architecture().intermediate();
      float[][][] quantiles = new float[layers][QUANTILES.length][neurons];
      for (float[][] ofLayer : quantiles) {
        for (float[] quantile : ofLayer) {
          Arrays.fill(quantile, 1e9f);
        }
      }
      Map<String, Integer> drawn = new HashMap<>();
      int draws = 0;
      for (int seed = 0; seed < 20; seed++) {
        for (ActivationExample example : search(model, corpus, quantiles, 500, seed)) {
          drawn.merge(example.sequenceId() + ":" + example.position(), 1, Integer::sum);
          draws++;
        }
      }
      int positions = corpus.stream().mapToInt(s -> SAMPLE.of(s).length).sum();
      assertThat(drawn).hasSize(positions);
      double expected = draws / (double) positions;
      double chiSquare =
          drawn.values().stream()
              .mapToDouble(count -> Math.pow(count - expected, 2) / expected)
              .sum();
      // Five standard deviations above the mean of chi-square.
      assertThat(chiSquare).isLessThan(positions - 1 + 5 * Math.sqrt(2.0 * (positions - 1)));
    }
  }

  private static Map<String, List<ActivationExample>> byBand(List<ActivationExample> examples) {
    Map<String, List<ActivationExample>> byBand = new HashMap<>();
    for (ActivationExample example : examples) {
      byBand
          .computeIfAbsent(
              key(example.layer(), example.neuron(), example.band()), k -> new ArrayList<>())
          .add(example);
    }
    return byBand;
  }

  private static String key(int layer, int neuron, QuantileBand band) {
    return layer + ":" + neuron + ":" + band;
  }

  /** Layer by layer, and with fewer rows at a time than a batch has. */
  private static List<ActivationExample> search(
      Transformer model,
      List<TokenSequence> corpus,
      float[][][] quantiles,
      int tokenBudget,
      long seed) {
    List<ActivationExample> examples = new ArrayList<>();
    for (int l = 0; l < model.architecture().layers(); l++) {
      float[][][] ofLayer = {quantiles[l]};
      try (ExampleSearch search =
          new ExampleSearch(model, SAMPLE, l, ofLayer, PER_BAND, seed, 13)) {
        new ShardScan(model::observe, List.of(search), tokens -> {})
            .run(BatchPlan.of(corpus, tokenBudget));
        examples.addAll(search.examples(l));
      }
    }
    return examples;
  }

  private static Transformer load(String name) {
    return TransformerLoader.load(
        ModelFolder.open(Fixture.named(name).folder()), Device.cpu(), Precision.FLOAT32);
  }
}
