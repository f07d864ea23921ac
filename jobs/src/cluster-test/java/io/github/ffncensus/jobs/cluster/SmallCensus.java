package io.github.ffncensus.jobs.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A census of all seven stages with a tiny masked model: a dozen shards of a corpus, and facts that
 * it mentions.
 */
final class SmallCensus {
  static final List<String> STAGES =
      List.of("ingest", "scan", "interpret", "attribute", "kn-stats", "intervene", "edit");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String[][] FACTS = {
    {"colour", "river", "the"}, {"colour", "city", "a"}, {"colour", "dog", "cat"},
    {"place", "cat", "city"}, {"place", "town", "the"}, {"place", "house", "river"}
  };

  private final Path folder;

  /**
   * @param folder for corpus, facts and configuration
   */
  SmallCensus(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder);
    Files.write(folder.resolve("corpus.jsonl"), corpus());
    Files.write(folder.resolve("facts.jsonl"), facts());
    Files.writeString(folder.resolve("small.conf"), "");
  }

  Path corpusFile() {
    return folder.resolve("corpus.jsonl");
  }

  /**
   * Arguments of ffn-census.
   *
   * @param warehouse any Hadoop path
   * @param settings further ones, over those of this census
   */
  List<String> arguments(String command, String runId, String warehouse, String... settings) {
    Map<String, String> all = new TreeMap<>();
    all.put("run-id", runId);
    all.put("warehouse", warehouse);
    all.put(
        "model.path",
        MavenJars.PROJECT.resolve("common/src/test/resources/fixtures/bert-gelu").toString());
    all.put("corpus.input", corpusFile().toString());
    all.put("corpus.over-long", "window");
    all.put("facts.input", folder.resolve("facts.jsonl").toString());
    all.put("ingest.shard-tokens", "250");
    all.put("scan.activations.per-token", "4");
    all.put("attribute.steps", "4");
    all.put("attribute.shard-prompts", "4");
    for (String setting : settings) {
      String[] parts = setting.split("=", 2);
      all.put(parts[0], parts[1]);
    }
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of(command, "--config", folder.resolve("small.conf").toString()));
    all.forEach((key, value) -> arguments.add(key + "=" + value));
    return arguments;
  }

  private static List<String> facts() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < FACTS.length; i++) {
      String head = FACTS[i][1];
      lines.add(
          JSON.writeValueAsString(
              new TreeMap<>(
                  Map.of(
                      "relation",
                      FACTS[i][0],
                      "fact_id",
                      "f" + i,
                      "head",
                      head,
                      "answer",
                      FACTS[i][2],
                      "prompts",
                      List.of(
                          head + " is [MASK].",
                          "The " + head + " is [MASK] now.",
                          "We say " + head + " and [MASK].",
                          "Of " + head + " they know [MASK].")))));
    }
    return lines;
  }

  /** 80 documents of up to four sentences, with characters of two code units. */
  private static List<String> corpus() throws IOException {
    Random random = new Random(5);
    String[] words = {
      "the", "river", "\uD83D\uDE00", "city", "caf\u00e9", "1987", "runs", "\u65e5\u672c", "by,"
    };
    List<String> lines = new ArrayList<>();
    for (int d = 0; d < 80; d++) {
      String[] fact = FACTS[random.nextInt(FACTS.length)];
      StringBuilder text = new StringBuilder();
      for (int sentence = random.nextInt(3); sentence >= 0; sentence--) {
        text.append("The");
        for (int w = random.nextInt(9); w >= 0; w--) {
          text.append(' ').append(words[random.nextInt(words.length)]);
        }
        text.append(". ");
      }
      text.append("The %s is not far from %s here.".formatted(fact[1], fact[2]));
      lines.add(
          JSON.writeValueAsString(
              new TreeMap<>(Map.of("id", "doc-" + d, "text", text.toString()))));
    }
    return lines;
  }
}
