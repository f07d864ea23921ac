package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.AllCoefficients.Cell;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.interpret.SequenceSample;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of activation_examples against all coefficients of the sampled positions. */
class ExampleTableTest {
  private static final int SEQUENCES = 40;
  private static final int PER_SEQUENCE = 3;
  private static final int PER_BAND = 2;
  private static final long SEED = 6;
  private static final List<String> BANDS =
      List.of("to_p50", "p50_to_p90", "p90_to_p99", "p99_to_p999", "above_p999");
  private static final List<String> QUANTILES = List.of("p50", "p90", "p99", "p999");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-relu-untied", "bert-gelu"})
  void rows_areDrawnFromTheirBands(String model) throws IOException {
    try (ScanFixture fixture = new ScanFixture("local[2]", folder)) {
      ScanFixture.Run run = fixture.ingest(model, model, settings());
      Map<String, List<Map<String, Object>>> tables = Interpreted.tables(run);
      List<TokenSequence> sampled = new ArrayList<>();
      for (long id : new SequenceSample(SEQUENCES, SEED).of(tables.get("sequences").size())) {
        sampled.add(sequence(tables.get("sequences").get((int) id)));
      }
      try (Transformer transformer =
              TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32);
          ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path())) {
        AllCoefficients all = AllCoefficients.of(transformer, sampled);
        Map<List<Object>, List<Map<String, Object>>> byBand = new HashMap<>();
        for (Map<String, Object> row : tables.get("activation_examples")) {
          checkText(row, tables.get("sequences"), tokenizer);
          byBand.computeIfAbsent(band(row), key -> new ArrayList<>()).add(row);
        }
        for (Map<String, Object> stats : tables.get("neuron_stats")) {
          checkNeuron(stats, byBand, all);
        }
        checkOrder(tables.get("activation_examples"));
      }
    }
  }

  private static String[] settings() {
    return new String[] {
      "interpret.perturbations.enabled=false",
      "interpret.memories.enabled=false",
      "interpret.patterns.enabled=false",
      "interpret.examples.sequences=" + SEQUENCES,
      "interpret.examples.positions-per-sequence=" + PER_SEQUENCE,
      "interpret.examples.per-band=" + PER_BAND,
      "interpret.examples.seed=" + SEED
    };
  }

  private static List<Object> band(Map<String, Object> row) {
    return List.of(row.get("layer"), row.get("neuron"), row.get("band"));
  }

  private static TokenSequence sequence(Map<String, Object> row) {
    int[] tokens = integers(row, "token_ids");
    int[] starts = integers(row, "token_starts");
    boolean[] special = new boolean[tokens.length];
    for (int t = 0; t < tokens.length; t++) {
      special[t] = starts[t] < 0;
    }
    return new TokenSequence((Long) row.get("sequence_id"), tokens, special);
  }

  private static int[] integers(Map<String, Object> row, String column) {
    return ((List<?>) row.get(column)).stream().mapToInt(value -> (Integer) value).toArray();
  }

  private static void checkText(
      Map<String, Object> row, List<Map<String, Object>> sequences, ModelTokenizer tokenizer) {
    Map<String, Object> sequence = sequences.get(((Long) row.get("sequence_id")).intValue());
    int position = (Integer) row.get("position");
    int[] ids = integers(sequence, "token_ids");
    int[] ends = integers(sequence, "token_ends");
    String text = (String) sequence.get("text");
    boolean hasNext = position + 1 < ids.length && ends[position + 1] >= 0;
    assertThat(row)
        .containsEntry("document_id", sequence.get("document_id"))
        .containsEntry("prefix", text.substring(0, text.offsetByCodePoints(0, ends[position])))
        .containsEntry("token_id", ids[position])
        .containsEntry("token", tokenizer.token(ids[position]));
    assertThat(row.get("next_token_id")).isEqualTo(hasNext ? ids[position + 1] : null);
    assertThat(row.get("next_token"))
        .isEqualTo(hasNext ? tokenizer.token(ids[position + 1]) : null);
  }

  private static void checkNeuron(
      Map<String, Object> stats,
      Map<List<Object>, List<Map<String, Object>>> byBand,
      AllCoefficients all) {
    int layer = (Integer) stats.get("layer");
    int neuron = (Integer) stats.get("neuron");
    PositionSample sample = new PositionSample.PerSequence(PER_SEQUENCE, SEED);
    List<Cell> cells =
        all.cells(layer, neuron).stream()
            .filter(c -> Arrays.stream(sample.of(c.sequence())).anyMatch(p -> p == c.position()))
            .toList();
    for (int b = 0; b < BANDS.size(); b++) {
      float lower = b == 0 ? Float.NEGATIVE_INFINITY : (Float) stats.get(QUANTILES.get(b - 1));
      float upper =
          b == QUANTILES.size() ? Float.POSITIVE_INFINITY : (Float) stats.get(QUANTILES.get(b));
      List<Map<String, Object>> rows =
          byBand.getOrDefault(List.of(layer, neuron, BANDS.get(b)), List.of());
      // Another forward pass may round a coefficient over the band's bound.
      List<Cell> surely = inside(cells, lower + 1e-5f, upper - 1e-5f);
      List<Cell> possibly = inside(cells, lower - 1e-5f, upper + 1e-5f);
      List<Cell> exactly = inside(cells, lower, upper);
      assertThat(rows.size())
          .isBetween(
              Math.min(PER_BAND, Math.min(surely.size(), exactly.size())),
              Math.min(PER_BAND, Math.max(possibly.size(), exactly.size())));
      for (Map<String, Object> row : rows) {
        assertThat((Long) row.get("positions_in_band"))
            .isBetween((long) Math.min(surely.size(), exactly.size()), (long) possibly.size());
        Cell cell =
            possibly.stream()
                .filter(c -> row.get("sequence_id").equals(c.sequence().id()))
                .filter(c -> row.get("position").equals(c.position()))
                .findFirst()
                .orElseThrow();
        assertThat((Float) row.get("coefficient")).isCloseTo(cell.value(), within(1e-5f));
      }
    }
  }

  private static List<Cell> inside(List<Cell> cells, float lower, float upper) {
    return cells.stream().filter(c -> c.value() > lower && c.value() <= upper).toList();
  }

  private static void checkOrder(List<Map<String, Object>> rows) {
    assertThat(rows).hasSizeGreaterThan(500);
    Map<List<Object>, Integer> last = new HashMap<>();
    for (Map<String, Object> row : rows) {
      assertThat(row.get("example")).isEqualTo(last.merge(band(row), 1, Integer::sum));
    }
  }

  /** What was drawn in pieces is drawn from again, and their counts are added up once each. */
  @Test
  void candidatesOfPieces_areDrawnBySmallestKeys() {
    ShardPlan plan =
        new ShardPlan(
            List.of(new Shard(0, 0, 10, 100, List.of()), new Shard(1, 10, 10, 100, List.of())));
    List<Row> candidates = new ArrayList<>();
    candidates.add(candidate(0, 3, 0, -9, 4, 0, 7));
    candidates.add(candidate(0, 3, 0, -5, 12, 1, 5));
    candidates.add(candidate(0, 3, 0, 2, 5, 0, 7));
    candidates.add(candidate(0, 3, 1, 1, 19, 1, 1));
    candidates.add(candidate(0, 4, 1, 1, 0, 1, 1));
    Iterator<Row> drawn = new DrawExamples(2, plan).call(candidates.iterator());
    assertThat(drawn)
        .toIterable()
        .containsExactly(
            RowFactory.create(0, 0, 3, 0, 1, 0.5f, 4L, 1, 12L),
            RowFactory.create(1, 0, 3, 0, 2, 0.5f, 12L, 1, 12L),
            RowFactory.create(1, 0, 3, 1, 1, 0.5f, 19L, 1, 1L),
            RowFactory.create(0, 0, 4, 1, 1, 0.5f, 0L, 1, 1L));
    assertThat(new DrawExamples(2, plan).call(List.<Row>of().iterator())).isExhausted();
    assertThat(IntStream.range(0, 20).map(id -> plan.placeOf(id)).sum()).isEqualTo(10);
  }

  private static Row candidate(
      int layer, int neuron, int band, long key, long sequence, int piece, long seen) {
    return RowFactory.create(0, layer, neuron, band, key, 0.5f, sequence, 1, piece, seen);
  }

  @Test
  void runWithoutStatistics_orWithThePartOff_hasNoTable() throws IOException {
    try (ScanFixture fixture = new ScanFixture("local[2]", folder)) {
      assertThat(
              Interpreted.tables(
                  fixture.ingest(
                      "no-stats", "gpt2-hub-names", with("scan.neuron-stats.enabled=false"))))
          .doesNotContainKey("activation_examples");
      assertThat(
              Interpreted.tables(
                  fixture.ingest(
                      "off", "gpt2-hub-names", with("interpret.examples.enabled=false"))))
          .doesNotContainKey("activation_examples");
    }
  }

  private static String[] with(String more) {
    String[] all = Arrays.copyOf(settings(), settings().length + 1);
    all[all.length - 1] = more;
    return all;
  }
}
