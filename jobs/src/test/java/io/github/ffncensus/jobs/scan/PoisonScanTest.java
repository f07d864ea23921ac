package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.CensusCli;
import io.github.ffncensus.jobs.fault.FaultPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sequences on which the forward pass throws, whenever it reads them. */
class PoisonScanTest {
  private static final Set<Integer> POISON = Set.of(5, 28, 51);

  @TempDir Path folder;
  private final List<String> clean = new ArrayList<>();
  private final List<String> all = new ArrayList<>();

  @BeforeEach
  void corpora() {
    String[] words = {"the", "river", "city", "name", "capital"};
    for (int d = 0; d < 60; d++) {
      // A document is a sentence, so that its sequence has its number.
      String text = "%s %s near %s".formatted(words[d % 5], words[d % 3], words[d % 4]);
      String line = "{\"id\": \"d%d\", \"text\": \"%s\"}".formatted(d, text);
      all.add(line);
      if (!POISON.contains(d)) {
        clean.add(line);
      }
    }
  }

  private static void poison() {
    FaultPlan.install("at=in-forward@5+in-forward@28+in-forward@51,times=0");
  }

  @AfterEach
  void noFaults() {
    FaultPlan.install(null);
  }

  @Test
  void theyGoToScanRejects_andNothingElseCountsThem() throws IOException {
    poison();
    try (CensusCli census = census("poisoned", all)) {
      assertThat(census.run("run")).as(census.err()).isZero();
      assertThat(census.run("verify")).as(census.out()).isZero();
    }
    FaultPlan.install(null);
    try (CensusCli census = census("clean", clean)) {
      assertThat(census.run("run")).as(census.err()).isZero();
    }
    List<Map<String, Object>> rejects = rows("poisoned", "scan_rejects");
    assertThat(rejects)
        .extracting(row -> row.get("document_id"))
        .containsExactlyInAnyOrder("d5", "d28", "d51");
    assertThat(rejects)
        .allSatisfy(
            row ->
                assertThat(row.get("detail"))
                    .isEqualTo("injected fault at in-forward@" + row.get("sequence_id")));
    assertThat(rows("clean", "scan_rejects")).isEmpty();
    assertThat(rows("poisoned", "sequences")).hasSize(60);
    assertThat(counted("poisoned")).isEqualTo(counted("clean"));
    assertThat(triggers("poisoned")).isEqualTo(triggers("clean"));
  }

  @Test
  void moreThanAllowed_failTheirShardByName() throws IOException {
    poison();
    try (CensusCli census = census("poisoned", all)) {
      assertThat(census.run("run", "scan.max-rejected-sequences=0")).isEqualTo(1);
      assertThat(census.err())
          .contains("more than scan.max-rejected-sequences = 0")
          .contains("sequence 5 of document d5: injected fault at in-forward@5")
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
            "model.path=../common/src/test/resources/fixtures/bert-gelu",
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
