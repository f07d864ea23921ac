package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.ffncensus.jobs.FlakyFileSystem;
import io.github.ffncensus.jobs.ingest.IngestFixture.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same corpus gives the same tables, however it is read. */
class IngestStabilityTest {
  private static final Path REAL = Path.of("../../shared/data/open-domain.jsonl.gz");

  @TempDir Path folder;

  @Test
  void anySplitsAndAnyParallelism() throws Exception {
    Outcome expected;
    try (IngestFixture ingest = new IngestFixture("local[1]", folder)) {
      writeRandomCorpus(ingest);
      expected = ingest.ingest(settings("100000000"));
      assertThat(expected.result().documentsInRejects()).isGreaterThan(15);
      assertThat(expected.reasons()).contains("duplicate_id", "empty", "malformed", "undecodable");
    }
    try (IngestFixture ingest = new IngestFixture("local[4]", folder)) {
      for (String splitBytes : List.of("97", "1000", "4097", "100000000")) {
        assertSame(ingest.ingest(settings(splitBytes)), expected);
      }
    }
  }

  @Test
  void tasksThatFail() throws Exception {
    try (IngestFixture ingest = new IngestFixture("local[2,9]", folder)) {
      writeRandomCorpus(ingest);
      Outcome expected = ingest.ingest(settings("3000"));
      FlakyFileSystem.install(ingest.hadoop(), ".*\\.jsonl|.*/tokenized/.*parquet");
      Outcome flaky = ingest.ingest(settings("3000"));
      assertThat(FlakyFileSystem.failed()).anyMatch(name -> name.contains("tokenized"));
      assertThat(flaky.sequences()).usingRecursiveComparison().isEqualTo(expected.sequences());
      assertThat(flaky.reasons()).isEqualTo(expected.reasons());
    }
  }

  @Test
  void realSentences() throws Exception {
    assumeTrue(Files.exists(REAL), "the data of the shared folder is not here");
    try (IngestFixture ingest = new IngestFixture("local[2]", folder);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    new GZIPInputStream(Files.newInputStream(REAL)), StandardCharsets.UTF_8))) {
      Files.write(
          ingest.corpusFile("real.jsonl"), (Iterable<String>) lines.lines().limit(5_000)::iterator);
      Outcome outcome =
          ingest.ingest(
              "corpus.format=jsonl", "corpus.sequence=sentence", "corpus.over-long=window");
      assertThat(outcome.result().documents()).isEqualTo(5_000);
      assertThat(outcome.result().documentsInSequences()).isGreaterThan(4_900);
    }
  }

  private static void assertSame(Outcome actual, Outcome expected) {
    assertThat(actual.sequences()).usingRecursiveComparison().isEqualTo(expected.sequences());
    assertThat(actual.rejects()).isEqualTo(expected.rejects());
    assertThat(actual.result().plan().shards())
        .extracting(ShardPlan.Shard::firstSequenceId, ShardPlan.Shard::tokens)
        .isEqualTo(
            expected.result().plan().shards().stream()
                .map(s -> tuple(s.firstSequenceId(), s.tokens()))
                .toList());
  }

  private static String[] settings(String splitBytes) {
    return new String[] {
      "corpus.format=jsonl",
      "corpus.sequence=sentence",
      "corpus.over-long=window",
      "ingest.shard-tokens=1500",
      "ingest.split-bytes=" + splitBytes
    };
  }

  private static void writeRandomCorpus(IngestFixture ingest) throws IOException {
    Random random = new Random(11);
    String[] words = {"river", "the city", "é", "日本", "😀", "One. Two.", "name", "counting "};
    for (String name : List.of("a.jsonl", "b.jsonl", "c.jsonl")) {
      StringBuilder lines = new StringBuilder();
      for (int i = 0; i < 25; i++) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(30);
        for (int j = 0; j < length; j++) {
          text.append(words[random.nextInt(words.length)]).append(' ');
        }
        String id = random.nextBoolean() ? ",\"id\":" + random.nextInt(30) : "";
        lines.append("{\"text\":\"").append(text).append('"').append(id).append("}");
        lines.append(random.nextInt(3) == 0 ? "\r\n" : "\n");
        lines.append(
            switch (random.nextInt(15)) {
              case 0 -> "\n";
              case 1 -> "not json\n";
              case 2 -> "{\"text\":\"\\ud800\"}\n";
              case 3 -> "{\"text\":\"" + "river ".repeat(50) + "\"}\n";
              default -> "";
            });
      }
      ingest.write(name, lines.toString());
    }
  }
}
