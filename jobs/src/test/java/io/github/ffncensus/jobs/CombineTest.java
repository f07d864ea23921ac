package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.jobs.scan.CorpusAndTables;
import io.github.ffncensus.jobs.scan.TableRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two runs that are combined, against one run over all their documents. */
class CombineTest {
  /** Columns of neuron_stats that are sums in floating point. */
  private static final List<String> MOMENTS =
      List.of("mean", "stddev", "skewness", "kurtosis", "quadrant_means");

  @TempDir Path folder;

  @BeforeEach
  void corpora() throws IOException {
    CorpusAndTables.writeCorpus(folder.resolve("all.jsonl"));
    List<String> lines = Files.readAllLines(folder.resolve("all.jsonl"));
    Files.write(folder.resolve("a.jsonl"), lines.subList(0, 14));
    List<String> later = new ArrayList<>(lines.subList(14, 24));
    later.add("{\"id\": \"empty\", \"text\": \" \"}");
    Files.write(folder.resolve("b.jsonl"), later);
    Files.delete(folder.resolve("all.jsonl"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-silu", "bert-gelu"})
  void tablesAreThoseOfTheUnion(String model) throws IOException {
    try (CensusCli a = census("a", model, "a.jsonl");
        CensusCli b = census("b", model, "b.jsonl");
        CensusCli both = census("union", model, "a.jsonl", "b.jsonl")) {
      assertThat(a.run("run")).as(a.err()).isZero();
      assertThat(b.run("run")).as(b.err()).isZero();
      assertThat(both.run("run")).as(both.err()).isZero();
      assertThat(both.run("combine", "--runs", "a,b", "--as", "c")).as(both.err()).isZero();
      assertThat(both.err()).contains("The run c is complete");
    }
    try (CensusCli combined = census("c", model, "a.jsonl", "b.jsonl")) {
      assertThat(combined.run("verify")).as(combined.out()).isZero();
      assertThat(combined.run("run")).as("the same corpus").isZero();
      assertThat(combined.err()).contains("The run c is complete: nothing to do");
    }
    for (String table :
        List.of(
            "sequences",
            "rejects",
            "trigger_prefixes",
            "activations",
            "layer_composition",
            "prediction_refinement",
            "position_counts")) {
      List<Map<String, Object>> rows = rows("c", table);
      assertThat(rows).as(table).isNotEmpty().hasSameSizeAs(rows("union", table));
      assertThat(new HashSet<>(rows)).as(table).isEqualTo(new HashSet<>(rows("union", table)));
    }
    List<Map<String, Object>> stats = rows("c", "neuron_stats");
    List<Map<String, Object>> expected = rows("union", "neuron_stats");
    assertThat(stats).hasSameSizeAs(expected);
    for (int i = 0; i < stats.size(); i++) {
      assertSameNeuron(stats.get(i), expected.get(i));
    }
    JsonNode manifest = manifest("c");
    assertThat(manifest.at("/parents/0/run_id").asText()).isEqualTo("a");
    assertThat(manifest.at("/parents/1/first_sequence_id"))
        .isEqualTo(manifest("a").at("/corpus/sequences"));
    for (String count : List.of("documents", "documents_in_rejects", "sequences", "tokens")) {
      assertThat(manifest.path("corpus").path(count))
          .isEqualTo(manifest("union").path("corpus").path(count));
    }
    assertThat(manifest.at("/scan/text_tokens"))
        .isEqualTo(manifest("union").at("/scan/text_tokens"));
  }

  @Test
  void combinedRun_isInterpretedAsAnyOther() throws IOException {
    String[] stages = {"stages=[ingest,scan,interpret]", "interpret.memories.sequences=10"};
    try (CensusCli a = census("a", "gpt2-gelu-new", "a.jsonl");
        CensusCli b = census("b", "gpt2-gelu-new", "b.jsonl");
        CensusCli c = census("c", "gpt2-gelu-new", "a.jsonl", "b.jsonl")) {
      assertThat(a.run("run")).as(a.err()).isZero();
      assertThat(b.run("run")).as(b.err()).isZero();
      String[] combine = {"--runs", "a,b", "--as", "c", stages[0], stages[1]};
      assertThat(c.run("combine", combine)).as(c.err()).isZero();
      assertThat(c.err()).contains("The run c still lacks: interpret");
      assertThat(c.run("interpret", stages)).as(c.err()).isZero();
      assertThat(c.run("verify")).as(c.out()).isZero();
      assertThat(rows("c", "value_predictions")).isNotEmpty();
      assertThat(rows("c", "memory_positions")).isNotEmpty();
    }
  }

  @Test
  void runsThatDoNotGoTogether_areRefused() throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve("b.jsonl"));
    lines.add(Files.readAllLines(folder.resolve("a.jsonl")).get(3));
    Files.write(folder.resolve("overlap.jsonl"), lines);
    String model = "gpt2-gelu-new";
    try (CensusCli a = census("a", model, "a.jsonl");
        CensusCli overlap = census("overlap", model, "overlap.jsonl");
        CensusCli again = census("again", model, "a.jsonl");
        CensusCli half = census("half", model, "b.jsonl");
        CensusCli other = census("other", "bert-gelu", "b.jsonl")) {
      assertThat(a.run("run")).as(a.err()).isZero();
      assertThat(overlap.run("run")).as(overlap.err()).isZero();
      assertThat(again.run("run")).as(again.err()).isZero();
      assertThat(half.run("ingest")).as(half.err()).isZero();
      assertThat(other.run("run", "scan.trigger-prefixes.per-neuron=5")).isZero();

      assertRefused(a, "a,overlap", "documents in common, such as doc-3, which would count twice");
      assertRefused(a, "a,again", "a.jsonl of the run again is the same file as");
      assertRefused(a, "a,half", "--runs half: the run has no complete scan");
      assertRefused(a, "a,nowhere", "--runs nowhere: there is no such run");
      assertRefused(a, "a", "name two or more different runs");
      assertRefused(a, "a,c", "name two or more different runs, and a new one");
      assertRefused(a, "a,other", "the model's weights", "SHA-256 was");
      assertRefused(a, "a,other", "census.scan.trigger-prefixes.per-neuron: was 5, now 6");
    }
  }

  private static void assertRefused(CensusCli census, String runs, String... messages) {
    assertThat(census.run("combine", "--runs", runs, "--as", "c")).as(census.err()).isEqualTo(2);
    assertThat(census.err()).contains(messages);
  }

  private static void assertSameNeuron(Map<String, Object> actual, Map<String, Object> expected) {
    Map<String, Object> exact = new HashMap<>(actual);
    exact.keySet().removeAll(MOMENTS);
    Map<String, Object> exactExpected = new HashMap<>(expected);
    exactExpected.keySet().removeAll(MOMENTS);
    assertThat(exact).isEqualTo(exactExpected);
    for (String moment : MOMENTS) {
      List<Double> values = numbers(actual.get(moment));
      List<Double> others = numbers(expected.get(moment));
      assertThat(values).hasSameSizeAs(others);
      for (int i = 0; i < values.size(); i++) {
        double size = Math.max(1, Math.abs(others.get(i)));
        assertThat(values.get(i)).as(moment).isCloseTo(others.get(i), within(1e-9 * size));
      }
    }
  }

  private static List<Double> numbers(Object value) {
    return value == null
        ? List.of()
        : value instanceof List<?> list
            ? list.stream().map(Double.class::cast).toList()
            : List.of((Double) value);
  }

  /** A shard per sequence, so that batches, and with them all coefficients, are the same bits. */
  private CensusCli census(String runId, String model, String... corpora) throws IOException {
    List<String> inputs = Stream.of(corpora).map(name -> folder.resolve(name).toString()).toList();
    return new CensusCli(
        folder,
        List.of(
            "run-id=" + runId,
            "warehouse=" + folder.resolve("w"),
            "model.path=../common/src/test/resources/fixtures/" + model,
            "corpus.input=[" + String.join(",", inputs) + "]",
            "corpus.over-long=window",
            "ingest.shard-tokens=1",
            "stages=[ingest,scan]",
            "scan.trigger-prefixes.per-neuron=6",
            "scan.activations.per-token=4",
            "scan.sampled-positions.mode=rate",
            "scan.sampled-positions.rate=1"));
  }

  private List<Map<String, Object>> rows(String runId, String table) throws IOException {
    try (Stream<Path> files =
        Files.list(folder.resolve("w/%s/run_id=%s".formatted(table, runId)))) {
      return TableRows.read(
          table,
          files
              .filter(file -> file.toString().endsWith(".parquet"))
              .sorted(Comparator.comparing(file -> file.getFileName().toString()))
              .map(file -> new org.apache.hadoop.fs.Path(file.toUri()))
              .toList());
    }
  }

  private JsonNode manifest(String runId) throws IOException {
    return new ObjectMapper()
        .readTree(folder.resolve("w/_runs/" + runId + "/manifest.json").toFile());
  }
}
