package io.github.ffncensus.jobs.interpret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.interpret.SequenceSample;
import io.github.ffncensus.interpret.memories.MemoryAblation;
import io.github.ffncensus.interpret.memories.MemoryPosition;
import io.github.ffncensus.interpret.memories.MemoryReadings;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of memory_positions and memory_ablations against sequences that are read one by one. */
class MemoryTablesTest {
  private static final int STRONGEST = 5;
  private static final int PER_SEQUENCE = 2;
  private static final int SEQUENCES = 30;
  private static final long SEED = 11;

  @TempDir static Path folder;
  private static ScanFixture fixture;

  @BeforeAll
  static void start() throws IOException {
    fixture = new ScanFixture("local[2]", folder);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-relu-untied", "llama-silu", "bert-gelu"})
  void rows_areTheReadingsOfTheSampledPositions(String model) throws IOException {
    ScanFixture.Run run = ingest(model, model);
    Map<String, List<Map<String, Object>>> tables = Interpreted.tables(run);
    List<TokenSequence> sampled = new ArrayList<>();
    for (long id : new SequenceSample(SEQUENCES, SEED).of(tables.get("sequences").size())) {
      sampled.add(sequence(tables.get("sequences").get((int) id)));
    }
    assertThat(sampled).hasSize(SEQUENCES);
    try (Transformer transformer =
            TransformerLoader.load(run.model, Device.cpu(), Precision.FLOAT32);
        ModelTokenizer tokenizer = ModelTokenizer.open(run.model.path())) {
      int nextPosition = 0;
      int nextAblation = 0;
      for (TokenSequence sequence : sampled) {
        for (MemoryPosition position : read(transformer, sequence)) {
          check(tables.get("memory_positions").get(nextPosition++), position, tokenizer);
          for (MemoryAblation memory : position.memories()) {
            Map<String, Object> row = tables.get("memory_ablations").get(nextAblation++);
            check(row, position, memory, tokenizer);
          }
        }
      }
      assertThat(tables.get("memory_positions")).hasSize(nextPosition);
      assertThat(tables.get("memory_ablations")).hasSize(nextAblation);
      checkFindings(tables);
    }
  }

  private static ScanFixture.Run ingest(String runId, String model, String... more)
      throws IOException {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "interpret.perturbations.enabled=false",
                "interpret.memories.sequences=" + SEQUENCES,
                "interpret.memories.positions-per-sequence=" + PER_SEQUENCE,
                "interpret.memories.strongest=" + STRONGEST,
                "interpret.memories.seed=" + SEED));
    settings.addAll(List.of(more));
    return fixture.ingest(runId, model, settings.toArray(String[]::new));
  }

  private static TokenSequence sequence(Map<String, Object> row) {
    List<?> starts = (List<?>) row.get("token_starts");
    int[] tokens = ((List<?>) row.get("token_ids")).stream().mapToInt(id -> (Integer) id).toArray();
    boolean[] special = new boolean[tokens.length];
    for (int t = 0; t < tokens.length; t++) {
      special[t] = (Integer) starts.get(t) < 0;
    }
    return new TokenSequence((Long) row.get("sequence_id"), tokens, special);
  }

  private static List<MemoryPosition> read(Transformer model, TokenSequence sequence) {
    return new MemoryReadings(
            model,
            new PositionSample.PerSequence(PER_SEQUENCE, SEED),
            STRONGEST,
            1000,
            tokens -> {},
            (part, nanoseconds) -> {})
        .read(List.of(sequence));
  }

  private static void check(
      Map<String, Object> row, MemoryPosition expected, ModelTokenizer tokenizer) {
    assertThat(row)
        .containsEntry("layer", expected.layer())
        .containsEntry("sequence_id", expected.sequenceId())
        .containsEntry("position", expected.position())
        .containsEntry("active_memories", expected.activeMemories());
    checkToken(row, "token_id", "token", expected.tokenId(), tokenizer);
    checkToken(row, "output_token_id", "output_token", expected.outputToken(), tokenizer);
    checkToken(row, "residual_token_id", "residual_token", expected.residualToken(), tokenizer);
    checkToken(row, "ffn_token_id", "ffn_token", expected.ffnToken(), tokenizer);
    assertClose(row, "output_probability", expected.outputProbability());
    assertClose(row, "output_entropy", expected.outputEntropy());
    assertClose(row, "total_contribution", expected.totalContribution());
    assertClose(row, "residual_output_probability", expected.residualOutputProbability());
    assertClose(row, "ffn_output_probability", expected.ffnOutputProbability());
    assertClose(row, "residual_token_probability_in_ffn", expected.residualTokenProbabilityInFfn());
    assertThat((Float) row.get("residual_length"))
        .isCloseTo(expected.residualLength(), within(1e-3f));
    // Ranks and votes of near ties may differ by a little where other sequences were read along.
    assertNear(row, "residual_rank", expected.residualRank());
    assertNear(row, "residual_output_rank", expected.residualOutputRank());
    assertNear(row, "ffn_output_rank", expected.ffnOutputRank());
    assertNear(row, "residual_token_rank_in_ffn", expected.residualTokenRankInFfn());
    assertNear(row, "median_output_rank", expected.medianOutputRank());
    assertNear(row, "output_voters", expected.outputVoters());
    assertThat(row.get("memories_for_ffn_token")).isEqualTo(expected.memoriesForFfnToken());
  }

  private static void check(
      Map<String, Object> row,
      MemoryPosition position,
      MemoryAblation expected,
      ModelTokenizer tokenizer) {
    assertThat(row)
        .containsEntry("layer", position.layer())
        .containsEntry("sequence_id", position.sequenceId())
        .containsEntry("position", position.position())
        .containsEntry("rank", expected.rank())
        .containsEntry("neuron", expected.neuron())
        .containsEntry("changes_prediction", expected.changesPrediction());
    checkToken(row, "value_token_id", "value_token", expected.valueToken(), tokenizer);
    checkToken(row, "output_token_id", "output_token", position.outputToken(), tokenizer);
    checkToken(
        row,
        "prediction_without_id",
        "prediction_without",
        expected.predictionWithout(),
        tokenizer);
    assertThat((Float) row.get("coefficient")).isCloseTo(expected.coefficient(), within(1e-4f));
    assertThat((Float) row.get("contribution")).isCloseTo(expected.contribution(), within(1e-4f));
    assertNear(row, "output_rank_in_value", expected.outputRank());
    assertNear(row, "ffn_token_rank_in_value", expected.ffnTokenRank());
    assertClose(row, "output_probability_in_value", expected.outputProbability());
    assertClose(row, "ffn_token_probability_in_value", expected.ffnTokenProbability());
    assertClose(row, "log_probability_change", expected.logProbabilityChange());
  }

  private static void checkToken(
      Map<String, Object> row, String id, String name, int expected, ModelTokenizer tokenizer) {
    assertThat(row)
        .containsEntry(id, expected)
        .containsEntry(
            name,
            tokenizer.hasToken(expected)
                ? tokenizer.token(expected)
                : "<no token " + expected + ">");
  }

  private static void assertClose(Map<String, Object> row, String column, double expected) {
    assertThat((Double) row.get(column))
        .as(column)
        .isCloseTo(expected, within(2e-5 + 1e-4 * Math.abs(expected)));
  }

  private static void assertNear(Map<String, Object> row, String column, int expected) {
    assertThat((Integer) row.get(column)).as(column).isCloseTo(expected, within(1));
  }

  private static void checkFindings(Map<String, List<Map<String, Object>>> tables) {
    List<Map<String, Object>> strongest =
        tables.get("memory_ablations").stream().filter(row -> row.get("rank").equals(1)).toList();
    assertThat(finding(tables, "log_probability_change_without_strongest_memory"))
        .isCloseTo(
            strongest.stream()
                .mapToDouble(row -> (Double) row.get("log_probability_change"))
                .average()
                .orElseThrow(),
            within(1e-12));
    assertThat(finding(tables, "prediction_changes_without_strongest_memory"))
        .isEqualTo(share(strongest, row -> row.get("changes_prediction").equals(true)));
    assertThat(finding(tables, "prediction_hangs_on_one_memory"))
        .isEqualTo(
            share(
                strongest,
                position ->
                    tables.get("memory_ablations").stream()
                        .filter(row -> samePlace(row, position))
                        .anyMatch(row -> row.get("changes_prediction").equals(true))));
    List<Map<String, Object>> positions = tables.get("memory_positions");
    assertThat(finding(tables, "output_is_a_memorys_prediction"))
        .isEqualTo(share(positions, row -> (Integer) row.get("output_voters") > 0));
    assertThat(finding(tables, "residual_rank_among_memories"))
        .isEqualTo(median(positions, "residual_rank"));
    assertThat(finding(tables, "output_rank_in_active_values"))
        .isEqualTo(median(positions, "median_output_rank"));
    assertThat(finding(tables, "memories_for_ffn_token"))
        .isEqualTo(median(positions, "memories_for_ffn_token"));
  }

  private static boolean samePlace(Map<String, Object> a, Map<String, Object> b) {
    return a.get("sequence_id").equals(b.get("sequence_id"))
        && a.get("position").equals(b.get("position"));
  }

  private static double share(
      List<Map<String, Object>> rows, Predicate<Map<String, Object>> which) {
    return rows.stream().filter(which).count() / (double) rows.size();
  }

  private static double median(List<Map<String, Object>> rows, String column) {
    int[] values =
        rows.stream()
            .map(row -> (Integer) row.get(column))
            .filter(Objects::nonNull)
            .mapToInt(value -> value)
            .sorted()
            .toArray();
    return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2.0;
  }

  private static double finding(Map<String, List<Map<String, Object>>> tables, String name) {
    List<Map<String, Object>> found =
        tables.get("key_value_findings").stream()
            .filter(row -> row.get("finding").equals(name))
            .toList();
    assertThat(found).as(name).hasSize(1);
    return (Double) found.get(0).get("value");
  }

  /** Property 42. */
  @Test
  void shards_changeNoPosition() throws IOException {
    List<Map<String, Object>> expected =
        Interpreted.tables(ingest("one", "gpt2-gelu-new", "ingest.shard-tokens=1000000"))
            .get("memory_positions");
    List<Map<String, Object>> actual =
        Interpreted.tables(ingest("many", "gpt2-gelu-new", "ingest.shard-tokens=64"))
            .get("memory_positions");
    assertThat(actual).isEqualTo(expected).isNotEmpty();
  }

  @Test
  void modelWithoutAHead_hasTablesWithoutRows() throws IOException {
    Path model = Files.createDirectory(folder.resolve("headless"));
    ModelCopy copy = ModelCopy.of("bert-gelu", model);
    copy.tensors().keySet().removeIf(name -> name.startsWith("cls."));
    copy.write();
    assertThat(Interpreted.tables(ingest("no-head", model.toString())))
        .containsEntry("memory_positions", List.of())
        .containsEntry("memory_ablations", List.of());
  }

  @Test
  void partThatIsOff_hasNoTables() throws IOException {
    assertThat(
            Interpreted.tables(ingest("off", "gpt2-hub-names", "interpret.memories.enabled=false")))
        .doesNotContainKeys("memory_positions", "memory_ablations");
  }
}
