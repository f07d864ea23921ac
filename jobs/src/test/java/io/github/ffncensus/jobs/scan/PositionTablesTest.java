package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.positions.PlainPositions;
import io.github.ffncensus.analysis.positions.PlainPositions.Expected;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.analysis.positions.PredictionClass;
import io.github.ffncensus.analysis.positions.SampledPosition;
import io.github.ffncensus.analysis.positions.TokenTraits;
import io.github.ffncensus.jobs.scan.ScanFixture.Run;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** layer_composition and prediction_refinement against plain arithmetic over {@code sequences}. */
class PositionTablesTest {
  private static final String COMPOSITION = "layer_composition";
  private static final String REFINEMENT = "prediction_refinement";

  /** Only what these tables need. */
  private static final String[] POSITIONS_ALONE = {
    "scan.neuron-stats.enabled=false",
    "scan.trigger-prefixes.enabled=false",
    "scan.activations.mode=off"
  };

  @TempDir static Path folder;
  private static ScanFixture scans;

  @BeforeAll
  static void start() throws IOException {
    scans = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    scans.close();
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2-gelu-new, HEAD, per-sequence, active",
    "gpt2-relu-untied, RAW, rate, all",
    "llama-silu, FOLDED, per-sequence, code",
    "llama-bias-tied, HEAD, rate, active",
    "bert-gelu, HEAD, per-sequence, active",
    "roberta-gelu, RAW, rate, all"
  })
  void tables_equalTheOracle(String model, Lens lens, String mode, String reading)
      throws IOException {
    Run run =
        ingest(
            model,
            model,
            "scan.sampled-positions.lens=" + lens.name().toLowerCase(),
            "scan.sampled-positions.mode=" + mode,
            "scan.sampled-positions.per-sequence=2",
            "scan.sampled-positions.rate=0.4",
            "scan.sampled-positions.seed=7",
            "scan.layer-composition.zero-agreement=" + reading);
    Map<String, List<Map<String, Object>>> tables = run.tables();
    assertThat(tables).containsOnlyKeys(COMPOSITION, REFINEMENT, "position_counts", "scan_rejects");
    PositionSample sample =
        mode.equals("rate")
            ? new PositionSample.Rate(0.4, 7)
            : new PositionSample.PerSequence(2, 7);
    List<Expected> expected = expected(run, lens, sample);
    int layers = run.model.architecture().layers();
    for (int layer = 0; layer < layers; layer++) {
      int number = layer;
      List<Expected> ofLayer =
          expected.stream().filter(e -> e.position().layer() == number).toList();
      assertThat(ofLayer).hasSizeGreaterThan(50);
      Oracle oracle = new Oracle(ofLayer, run.model.architecture().intermediate());
      oracle.checkComposition(row(tables, COMPOSITION, layer, layers), reading);
      oracle.checkRefinement(row(tables, REFINEMENT, layer, layers));
      assertThat(tables.get(REFINEMENT).get(layer))
          .containsEntry("lens", lens.name().toLowerCase());
    }
  }

  private static Run ingest(String runId, String model, String... settings) throws IOException {
    String[] all = Arrays.copyOf(POSITIONS_ALONE, POSITIONS_ALONE.length + settings.length);
    System.arraycopy(settings, 0, all, POSITIONS_ALONE.length, settings.length);
    return scans.ingest(runId, model, all);
  }

  private static Map<String, Object> row(
      Map<String, List<Map<String, Object>>> tables, String table, int layer, int layers) {
    assertThat(tables.get(table)).hasSize(layers);
    Map<String, Object> row = tables.get(table).get(layer);
    assertThat(row).containsEntry("layer", layer);
    return row;
  }

  private static List<Expected> expected(Run run, Lens lens, PositionSample sample)
      throws IOException {
    List<TokenSequence> sequences = run.sequences().stream().map(ScanJobTest::tokens).toList();
    try (Transformer model = TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32)) {
      TokenTraits traits = new ModelWords(run.model.path().toString(), "en").get();
      return new PlainPositions(model.architecture(), new PlainLens(run.model.path()), lens, traits)
          .of(model, sequences).stream()
              .filter(e -> chosen(sample, sequences, e.position()))
              .toList();
    }
  }

  private static boolean chosen(
      PositionSample sample, List<TokenSequence> sequences, SampledPosition position) {
    return Arrays.stream(sample.of(sequences.get((int) position.sequenceId())))
        .anyMatch(p -> p == position.position());
  }

  /** Positions of one layer in plain arithmetic; near ties may come out either way. */
  private record Oracle(List<Expected> expected, int neurons) {

    void checkComposition(Map<String, Object> row, String reading) {
      assertThat(row).containsEntry("positions", (long) expected.size());
      checkMean(row, "mean_active_memories", p -> p.memories().active());
      checkMean(row, "active_fraction", p -> p.memories().active() / (double) neurons);
      checkMean(row, "mean_negative_memories", p -> p.memories().negative());
      checkMean(row, "mean_agreeing_memories", p -> p.memories().agreeing());
      checkShare(row, "zero_agreement_active", p -> p.memories().agreeing() == 0);
      checkShare(row, "zero_agreement_positive", p -> p.memories().agreeingPositive() == 0);
      checkShare(row, "zero_agreement_all", p -> p.memories().agreeingAll() == 0);
      checkShare(row, "zero_agreement_code", p -> p.memories().agreeingWithLayer() == 0);
      assertThat(row)
          .containsEntry("zero_agreement_reading", reading)
          .containsEntry("zero_agreement_fraction", row.get("zero_agreement_" + reading));
      checkShare(row, "short_prefix_fraction", p -> p.prefixTokens() < 5);
      checkShare(row, "stop_word_fraction", SampledPosition::stopWord);
      List<Expected> agreeing =
          expected.stream().filter(e -> e.position().memories().agreeing() > 0).toList();
      if (!agreeing.isEmpty()) {
        new Oracle(agreeing, neurons)
            .checkShare(row, "stop_word_fraction_of_agreeing", SampledPosition::stopWord);
      }
      int[] active =
          expected.stream().mapToInt(e -> e.position().memories().active()).sorted().toArray();
      assertThat(row).containsEntry("active_p50", active[(active.length + 1) / 2 - 1]);
    }

    void checkRefinement(Map<String, Object> row) {
      assertThat(row).containsEntry("positions", (long) expected.size());
      checkShare(row, "residual_matches_output", p -> p.residualToken() == p.outputToken());
      double probability =
          expected.stream()
              .mapToDouble(e -> e.position().outputProbability())
              .average()
              .orElseThrow();
      assertThat(number(row, "mean_output_probability"))
          .isCloseTo(probability, within(1e-5 + doubt()));
      long positions = 0;
      double shares = 0;
      for (PredictionClass wanted : PredictionClass.values()) {
        checkShare(row, wanted.label(), p -> p.predictionClass() == wanted);
        long count = (Long) row.get(wanted.label() + "_positions");
        assertThat(number(row, wanted.label())).isEqualTo(count / (double) expected.size());
        positions += count;
        shares += number(row, wanted.label());
      }
      assertThat(positions).isEqualTo(expected.size());
      assertThat(shares).isCloseTo(1, within(1e-9));
      checkCount(
          row,
          "split_agreement_positions",
          p -> p.residualToken() == p.ffnToken() && p.layerToken() != p.ffnToken());
      checkCount(row, "settled_positions", p -> p.settlingLayer() == p.layer());
      checkShare(row, "settled_fraction", p -> p.settlingLayer() <= p.layer());
      assertThat(number(row, "settled_fraction"))
          .isLessThanOrEqualTo(number(row, "residual_matches_output"));
      List<Expected> composed =
          expected.stream()
              .filter(e -> e.position().predictionClass() == PredictionClass.COMPOSITION)
              .toList();
      if (composed.isEmpty()) {
        assertThat(row).containsEntry("composition_cosine", null);
      } else {
        double cosine =
            composed.stream()
                .mapToDouble(e -> e.position().change().cosine())
                .average()
                .orElseThrow();
        assertThat(number(row, "composition_cosine"))
            .isCloseTo(cosine, within(1e-5 + 2 * doubt() * expected.size() / composed.size()));
      }
    }

    /** A coefficient of about 0 may be of either sign. */
    private void checkMean(
        Map<String, Object> row, String column, ToDoubleFunction<SampledPosition> value) {
      double mean =
          expected.stream()
              .mapToDouble(e -> value.applyAsDouble(e.position()))
              .average()
              .orElseThrow();
      double tolerance = 1e-5 + 1e-5 * mean + 3.0 / expected.size() + doubt();
      assertThat(number(row, column)).as(column).isCloseTo(mean, within(tolerance));
    }

    private void checkShare(
        Map<String, Object> row, String column, Predicate<SampledPosition> condition) {
      assertThat(number(row, column))
          .as(column)
          .isCloseTo(share(condition), within(1e-9 + doubt()));
    }

    private void checkCount(
        Map<String, Object> row, String column, Predicate<SampledPosition> condition) {
      assertThat(number(row, column) / expected.size())
          .as(column)
          .isCloseTo(share(condition), within(1e-9 + doubt()));
    }

    private double share(Predicate<SampledPosition> condition) {
      return expected.stream().filter(e -> condition.test(e.position())).count()
          / (double) expected.size();
    }

    private double doubt() {
      return expected.stream().filter(Expected::doubtful).count() / (double) expected.size();
    }

    private static double number(Map<String, Object> row, String column) {
      return ((Number) row.get(column)).doubleValue();
    }
  }

  @Test
  void shardsAndBatches_changeNothing() throws IOException {
    Map<String, List<Map<String, Object>>> expected =
        ingest("one-shard", "gpt2-gelu-new", "ingest.shard-tokens=1000000").tables();
    for (String tokens : List.of("64", "500")) {
      Run run = ingest("shards-" + tokens, "gpt2-gelu-new", "ingest.shard-tokens=" + tokens);
      assertThat(run.plan.shards()).hasSizeGreaterThan(1);
      Map<String, List<Map<String, Object>>> actual = run.tables();
      for (String table : List.of(COMPOSITION, REFINEMENT)) {
        for (int layer = 0; layer < expected.get(table).size(); layer++) {
          assertRow(actual.get(table).get(layer), expected.get(table).get(layer));
        }
      }
    }
  }

  /** Sequences of another batch are rounded otherwise; what is counted must not notice. */
  private static void assertRow(Map<String, Object> actual, Map<String, Object> expected) {
    expected.forEach(
        (column, value) -> {
          if (value instanceof Double number) {
            assertThat((Double) actual.get(column)).as(column).isCloseTo(number, within(1e-6));
          } else {
            assertThat(actual.get(column)).as(column).isEqualTo(value);
          }
        });
  }

  /** Property 40: counted again from the coefficients of the same positions. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-relu-untied", "llama-silu", "bert-gelu"})
  void activeMemories_areThoseOfTheActivations(String model) throws IOException {
    Run run = scans.ingest("activations-" + model, model, "scan.activations.mode=all");
    Map<String, List<Map<String, Object>>> tables = run.tables();
    List<TokenSequence> sequences = run.sequences().stream().map(ScanJobTest::tokens).toList();
    PositionSample sample = new PositionSample.PerSequence(1, 1);
    long sampled = sequences.stream().mapToLong(sequence -> sample.of(sequence).length).sum();
    long[] active = new long[run.model.architecture().layers()];
    for (Map<String, Object> row : tables.get("activations")) {
      TokenSequence sequence = sequences.get(((Long) row.get("sequence_id")).intValue());
      if (sample.of(sequence)[0] == (Integer) row.get("position")) {
        active[(Integer) row.get("layer")] +=
            ((List<?>) row.get("coefficients")).stream().filter(m -> (Float) m > 0).count();
      }
    }
    for (Map<String, Object> row : tables.get(COMPOSITION)) {
      double mean = active[(Integer) row.get("layer")] / (double) sampled;
      assertThat(row)
          .containsEntry("positions", sampled)
          .containsEntry("mean_active_memories", mean);
      assertThat((Double) row.get("active_fraction"))
          .isCloseTo(mean / run.model.architecture().intermediate(), within(1e-12));
    }
  }

  @Test
  void noPositions_givesRowsWithoutMeans() throws IOException {
    Map<String, List<Map<String, Object>>> tables =
        ingest(
                "none",
                "llama-silu",
                "scan.sampled-positions.mode=rate",
                "scan.sampled-positions.rate=0")
            .tables();
    assertThat(tables.get(REFINEMENT))
        .hasSize(2)
        .allSatisfy(
            row ->
                assertThat(row)
                    .containsEntry("positions", 0L)
                    .containsEntry("residual", null)
                    .containsEntry("composition_positions", 0L));
    assertThat(tables.get(COMPOSITION))
        .hasSize(2)
        .allSatisfy(
            row ->
                assertThat(row)
                    .containsEntry("positions", 0L)
                    .containsEntry("zero_agreement_fraction", null));
  }

  @Test
  void oneTable_canBeLeftOut() throws IOException {
    assertThat(
            ingest("no-refinement", "bert-gelu", "scan.prediction-refinement.enabled=false")
                .tables())
        .containsOnlyKeys(COMPOSITION, "position_counts", "scan_rejects");
    assertThat(
            ingest("no-composition", "bert-gelu", "scan.layer-composition.enabled=false").tables())
        .containsOnlyKeys(REFINEMENT, "position_counts", "scan_rejects");
  }

  @Test
  void modelWithoutHead_hasTablesWithoutRows() throws IOException {
    Path encoder = Files.createDirectory(folder.resolve("encoder"));
    ModelCopy copy = ModelCopy.of("bert-gelu", encoder);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    copy.write();
    Map<String, List<Map<String, Object>>> tables =
        scans.ingest("headless", encoder.toString()).tables();
    assertThat(tables.get(COMPOSITION)).isEmpty();
    assertThat(tables.get(REFINEMENT)).isEmpty();
    assertThat(tables.get("neuron_stats")).isNotEmpty();
  }
}
