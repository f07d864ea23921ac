package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.CensusCli;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Documents with a token whose embedding is not a number: the model cannot read them. */
class PoisonScanTest {
  private static final String POISON = "weather";

  @TempDir Path folder;
  private Path model;
  private final List<String> clean = new ArrayList<>();
  private final List<String> all = new ArrayList<>();

  @BeforeEach
  void modelAndCorpus() throws IOException {
    ModelCopy copy = ModelCopy.of("bert-gelu", Files.createDirectory(folder.resolve("model")));
    int token;
    try (ModelTokenizer tokenizer = ModelTokenizer.open(folder.resolve("model"))) {
      int[] ids = tokenizer.encodeAll(List.of(POISON)).get(0).ids();
      assertThat(ids).as("start, a token of its own, end").hasSize(3);
      token = ids[1];
    }
    String embedding =
        copy.tensors().keySet().stream()
            .filter(name -> name.endsWith("word_embeddings.weight"))
            .findFirst()
            .orElseThrow();
    int width = (int) copy.tensors().get(embedding).shape()[1];
    Arrays.fill(copy.values(embedding), token * width, (token + 1) * width, Float.NaN);
    model = copy.write();
    String[] words = {"the", "river", "city", "name", "capital"};
    for (int d = 0; d < 60; d++) {
      boolean poisoned = d % 23 == 5;
      String text =
          "%s %s near %s".formatted(words[d % 5], words[d % 3], poisoned ? POISON : words[d % 4]);
      String line = "{\"id\": \"d%d\", \"text\": \"%s\"}".formatted(d, text);
      all.add(line);
      if (!poisoned) {
        clean.add(line);
      }
    }
  }

  @Test
  void theyGoToScanRejects_andNothingElseCountsThem() throws IOException {
    try (CensusCli census = census("poisoned", all)) {
      assertThat(census.run("run")).as(census.err()).isZero();
      assertThat(census.run("verify")).as(census.out()).isZero();
    }
    try (CensusCli census = census("clean", clean)) {
      assertThat(census.run("run")).as(census.err()).isZero();
    }
    List<Map<String, Object>> rejects = rows("poisoned", "scan_rejects");
    assertThat(rejects)
        .extracting(row -> row.get("document_id"))
        .containsExactlyInAnyOrder("d5", "d28", "d51");
    assertThat(rejects)
        .allSatisfy(row -> assertThat((String) row.get("detail")).contains("not finite"));
    assertThat(rows("clean", "scan_rejects")).isEmpty();
    assertThat(rows("poisoned", "sequences")).hasSize(60);
    assertThat(counted("poisoned")).isEqualTo(counted("clean"));
    assertThat(triggers("poisoned")).isEqualTo(triggers("clean"));
  }

  @Test
  void moreThanAllowed_failTheirShardByName() throws IOException {
    try (CensusCli census = census("poisoned", all)) {
      assertThat(census.run("run", "scan.max-rejected-sequences=0")).isEqualTo(1);
      assertThat(census.err())
          .contains("more than scan.max-rejected-sequences = 0")
          .contains("sequence 5 of document d5: layer 0: coefficients that are not finite")
          .contains("--skip-shards ");
      assertThat(census.run("run")).as("another limit, the same run: " + census.err()).isZero();
    }
  }

  private CensusCli census(String name, List<String> lines) throws IOException {
    Path corpus = Files.write(folder.resolve(name + ".jsonl"), lines);
    return new CensusCli(
        folder,
        List.of(
            "run-id=r1",
            "warehouse=" + folder.resolve(name),
            "model.path=" + model,
            "corpus.input=" + corpus,
            "ingest.shard-tokens=80",
            "stages=[ingest,scan]",
            "scan.activations.per-token=3",
            "scan.prediction-refinement.enabled=false",
            "scan.layer-composition.enabled=false"));
  }

  /** What does not depend on how sequences are numbered and shared out. */
  private List<List<Object>> counted(String warehouse) throws IOException {
    return rows(warehouse, "neuron_stats").stream()
        .map(
            row ->
                Stream.of("layer", "neuron", "token_count", "min", "max", "histogram")
                    .map(row::get)
                    .toList())
        .toList();
  }

  private TreeSet<String> triggers(String warehouse) throws IOException {
    TreeSet<String> triggers = new TreeSet<>();
    rows(warehouse, "trigger_prefixes")
        .forEach(
            row ->
                triggers.add(
                    Stream.of("layer", "neuron", "rank", "coefficient", "document_id", "prefix")
                        .map(row::get)
                        .toList()
                        .toString()));
    return triggers;
  }

  private List<Map<String, Object>> rows(String warehouse, String table) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(warehouse).resolve(table + "/run_id=r1"))) {
      return TableRows.read(
          table,
          files
              .filter(file -> file.toString().endsWith(".parquet"))
              .sorted()
              .map(file -> new org.apache.hadoop.fs.Path(file.toUri()))
              .toList());
    }
  }
}
