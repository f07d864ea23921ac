package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From facts and a corpus to verified tables, and what show says of them, by the command line. */
class FactRunTest {
  private static final List<String> TABLES =
      List.of(
          "fact_prompts",
          "fact_attributions",
          "knowledge_neurons",
          "relation_neurons",
          "knowledge_neuron_activations",
          "knowledge_neuron_triggers",
          "fact_interventions",
          "neuron_interactions",
          "fact_edits",
          "knowledge_neuron_findings");

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void settings() throws IOException {
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.master", "local[2]");
    ObjectMapper json = new ObjectMapper();
    List<String> facts = new ArrayList<>();
    List<String> corpus = new ArrayList<>();
    String[][] pairs = {
      {"colour", "river", "the"}, {"colour", "city", "a"}, {"colour", "dog", "cat"},
      {"place", "cat", "city"}, {"place", "town", "the"}, {"place", "house", "river"}
    };
    for (int i = 0; i < pairs.length; i++) {
      String[] pair = pairs[i];
      facts.add(
          json.writeValueAsString(
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
    Files.write(folder.resolve("facts.jsonl"), facts);
    Files.write(folder.resolve("corpus.txt"), corpus);
  }

  @AfterEach
  void clear() {
    System.clearProperty("spark.ui.enabled");
    System.clearProperty("spark.master");
  }

  @Test
  void factsAndCorpus_toVerifiedTables() throws IOException {
    assertThat(command("run")).as(text(err)).isZero();
    assertThat(text(err)).contains("The run r1 is complete: ");
    assertThat(TABLES)
        .allSatisfy(
            table -> {
              try (Stream<Path> files =
                  Files.list(folder.resolve("w").resolve(table).resolve("run_id=r1"))) {
                assertThat(files).as(table).isNotEmpty();
              }
            });
    assertThat(command("verify")).as(text(out)).isZero();
    assertThat(command("run")).isZero();
    assertThat(text(err)).contains("The run r1 is complete: nothing to do");

    out.reset();
    assertThat(command("show", "--facts", "2")).as(text(err)).isZero();
    // A random model answers nothing, and what is shown as an example is what a model knows.
    assertThat(text(out)).contains("Of 6 facts 0 have neurons and are answered at every prompt.");
    out.reset();
    assertThat(command("show", "--fact", "place:f3")).isZero();
    assertThat(text(out))
        .contains(
            "place: cat -> city (fact f3)",
            "4 prompts, 0 of them answered",
            "knowledge neurons (layer:neuron): ",
            "its own prompts");
    assertThat(command("show", "--fact", "place:f9")).isEqualTo(2);
    assertThat(text(err)).contains("--fact place:f9: the run has no such fact");
  }

  private int command(String name, String... options) throws IOException {
    Path config = Files.writeString(folder.resolve("my.conf"), "");
    List<String> arguments = new ArrayList<>(List.of(name, "--config", config.toString()));
    arguments.addAll(List.of(options));
    arguments.addAll(
        List.of(
            "run-id=r1",
            "warehouse=" + folder.resolve("w"),
            "model.path=../common/src/test/resources/fixtures/bert-gelu",
            "corpus.input=" + folder.resolve("corpus.txt"),
            "corpus.format=text",
            "corpus.over-long=window",
            "facts.input=" + folder.resolve("facts.jsonl"),
            "attribute.steps=4",
            "stages=[ingest,attribute,kn-stats,intervene,edit]"));
    return FfnCensus.execute(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments.toArray(String[]::new));
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
