package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.jobs.fault.FaultPlan;
import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shards that fail whenever they are computed. */
class FailingShardTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @AfterEach
  void noFaults() {
    FaultPlan.install(null);
  }

  @Test
  void shardOfTheCorpus_isNamedWithItsDocuments_andTheRunFinishesWithoutIt() throws IOException {
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    try (CensusCli census =
        new CensusCli(
            folder,
            List.of(
                "run-id=r1",
                "warehouse=" + folder.resolve("w"),
                "model.path=../common/src/test/resources/fixtures/llama-silu",
                "corpus.input=" + folder.resolve("corpus.jsonl"),
                "corpus.over-long=window",
                "ingest.shard-tokens=700",
                "scan.activations.mode=off",
                "interpret.patterns.enabled=false"))) {
      FaultPlan.install("at=task-start@scan:3,times=0");
      assertThat(census.run("run", "--skip-shards", "1,nothing:4")).isEqualTo(2);
      assertThat(census.run("run")).isEqualTo(1);
      JsonNode shard =
          JSON.readTree(folder.resolve("w/_runs/r1/shards.json").toFile()).at("/shards/3");
      long first = shard.path("firstSequenceId").asLong();
      assertThat(census.err())
          .contains("scan: 1 of ")
          .contains("shard 3 (")
          .contains("sequence_id %d to ".formatted(first))
          .contains("InjectedFault: injected fault at task-start@scan:3")
          .contains("to finish without: --skip-shards 3\n");
      for (String document : documents(first, first + shard.path("sequences").asLong())) {
        assertThat(census.err()).contains(document);
      }
      Map<Path, FileTime> recorded = records();
      int shards =
          JSON.readTree(folder.resolve("w/_runs/r1/shards.json").toFile()).at("/shards").size();
      assertThat(recorded).as("every other shard").hasSize(shards - 1);
      assertThat(folder.resolve("w/neuron_stats")).doesNotExist();

      assertThat(census.run("run", "--skip-shards", "99")).isEqualTo(2);
      assertThat(census.err())
          .contains("--skip-shards 99: there is none; the last is " + (shards - 1));
      assertThat(records()).isEqualTo(recorded);

      assertThat(census.run("run", "--skip-shards", "3")).as(census.err()).isZero();
      JsonNode skipped = manifest().at("/skipped_shards");
      assertThat(skipped).hasSize(1);
      assertThat(skipped.at("/0/stage").asText()).isEqualTo("scan");
      assertThat(skipped.at("/0/shard").asInt()).isEqualTo(3);
      assertThat(skipped.at("/0/documents").asInt()).isPositive();
      assertThat(skipped.at("/0/sequences")).isEqualTo(shard.path("sequences"));
      assertThat(skipped.at("/0/tokens")).isEqualTo(shard.path("tokens"));
      assertThat(manifest().at("/scan/sequences").asLong() + shard.path("sequences").asLong())
          .isEqualTo(manifest().at("/corpus/sequences").asLong());
      assertThat(census.run("verify")).as(census.out()).isZero();
      assertThat(census.out()).contains("It was made without: shard 3 of the corpus (");

      FaultPlan.install(null);
      assertThat(census.run("scan", "--force")).as(census.err()).isZero();
      assertThat(manifest().at("/skipped_shards").isMissingNode()).isTrue();
    }
  }

  @Test
  void pieceOfAnyPart_canBeSkippedAsTheMessageSays() throws IOException {
    facts();
    Set<String> failing =
        Set.of(
            "scan:1", "values:0", "attributions:1", "readings:2", "interventions:0", "erasures:0");
    try (CensusCli census =
        new CensusCli(
            folder,
            List.of(
                "run-id=r1",
                "warehouse=" + folder.resolve("w"),
                "model.path=../common/src/test/resources/fixtures/bert-gelu",
                "corpus.input=" + folder.resolve("corpus.txt"),
                "corpus.format=text",
                "corpus.over-long=window",
                "ingest.shard-tokens=60",
                "scan.activations.mode=off",
                "interpret.patterns.enabled=false",
                "facts.input=[%s,%s]"
                    .formatted(folder.resolve("a.jsonl"), folder.resolve("b.jsonl")),
                "attribute.shard-prompts=12",
                "attribute.steps=2",
                "edit.update.known-only=false",
                "edit.erase.value=mean"))) {
      StringBuilder points = new StringBuilder();
      failing.forEach(piece -> points.append("+task-start@").append(piece));
      FaultPlan.install("times=0,at=" + points.substring(1));
      List<String> skipped = new ArrayList<>();
      Pattern advice = Pattern.compile("to finish without: --skip-shards (\\S+)");
      int exit = census.run("run");
      for (int attempt = 0; exit != 0 && attempt < failing.size(); attempt++) {
        assertThat(exit).as(census.err()).isEqualTo(1);
        Matcher advised = advice.matcher(census.err());
        assertThat(advised.find()).as(census.err()).isTrue();
        skipped.add(advised.group(1));
        exit = census.run("run", "--skip-shards", String.join(",", skipped));
      }
      assertThat(exit).as(census.err()).isZero();
      assertThat(skipped)
          .containsExactlyInAnyOrder(
              "1", "values:0", "attributions:1", "2", "interventions:0", "erasures:0");
      assertThat(census.run("verify")).as(census.out()).isZero();
      assertThat(census.out()).contains("values:0 of interpret (layer 0, neurons 0 to ");
      assertThat(manifest().at("/skipped_shards")).hasSize(failing.size());
    }
  }

  private void facts() throws IOException {
    String[][] pairs = {
      {"colour", "river", "the"}, {"colour", "city", "a"}, {"colour", "dog", "cat"},
      {"place", "cat", "city"}, {"place", "town", "the"}, {"place", "house", "river"},
      {"colour", "town", "a"}, {"place", "dog", "river"}
    };
    List<String> corpus = new ArrayList<>();
    List<String> facts = new ArrayList<>();
    for (int i = 0; i < pairs.length; i++) {
      String[] pair = pairs[i];
      facts.add(
          JSON.writeValueAsString(
              Map.of(
                  "relation", pair[0],
                  "fact_id", "f" + i,
                  "head", pair[1],
                  "answer", pair[2],
                  "prompts",
                      List.of(
                          pair[1] + " is [MASK].",
                          "The " + pair[1] + " is [MASK] now.",
                          "We say " + pair[1] + " and [MASK].",
                          "Of " + pair[1] + " they know [MASK]."))));
      corpus.add("The %s is not far from %s here.".formatted(pair[1], pair[2]));
      corpus.add("Nobody has seen the %s.".formatted(pair[1]));
      corpus.add("It rains again, number %d.".formatted(i));
    }
    Files.write(folder.resolve("corpus.txt"), corpus);
    Files.write(folder.resolve("a.jsonl"), facts.subList(0, 6));
    Files.write(folder.resolve("b.jsonl"), facts.subList(6, 8));
  }

  private List<String> documents(long from, long to) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("w/sequences/run_id=r1"))) {
      return io.github.ffncensus.jobs.scan.TableRows.read(
              "sequences",
              files
                  .filter(file -> file.toString().endsWith(".parquet"))
                  .map(file -> new org.apache.hadoop.fs.Path(file.toUri()))
                  .toList())
          .stream()
          .filter(
              row -> (long) row.get("sequence_id") >= from && (long) row.get("sequence_id") < to)
          .map(row -> (String) row.get("document_id"))
          .distinct()
          .toList();
    }
  }

  private Map<Path, FileTime> records() throws IOException {
    Map<Path, FileTime> records = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder.resolve("w/_staging/r1/scan/shards"))) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().matches("\\d+\\.json")).toList()) {
        records.put(file, Files.getLastModifiedTime(file));
      }
    }
    return records;
  }

  private JsonNode manifest() throws IOException {
    return JSON.readTree(folder.resolve("w/_runs/r1/manifest.json").toFile());
  }
}
