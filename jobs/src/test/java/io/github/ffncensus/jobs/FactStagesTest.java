package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.attribute.SmallFacts;
import io.github.ffncensus.jobs.scan.TableRows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stages that read facts and no corpus, one after the other, from the command line. */
class FactStagesTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void attributeInterveneAndEdit_makeAVerifiedRun() throws IOException {
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.master", "local[2]");
    Path facts = SmallFacts.write(folder.resolve("facts.jsonl"));
    String[] settings = {
      "model.path=../common/src/test/resources/fixtures/gpt2-gelu-new",
      "facts.input=" + facts,
      "attribute.steps=4",
      "attribute.held-out-share=0.3",
      "attribute.sharing.min-prompts=1",
      "attribute.sharing.lowest=0.2",
      "edit.update.known-only=false",
      "edit.erase.value=mean"
    };
    assertThat(command("intervene", settings)).isEqualTo(2);
    assertThat(text(err)).contains("attribute");
    assertThat(command("attribute", settings)).as(text(err)).isZero();
    assertThat(command("intervene", settings)).as(text(err)).isZero();
    assertThat(text(err)).contains("The run r1 still lacks: edit");
    assertThat(command("edit", settings)).as(text(err)).isZero();
    assertThat(text(err)).contains("The run r1 is complete: ");
    assertThat(command("verify", settings)).as(text(out)).isZero();

    Map<String, Object> edited =
        rows("edit_deltas").stream()
            .filter(row -> row.get("kind").equals("update"))
            .filter(row -> row.get("direction").equals("embedding"))
            .findFirst()
            .orElseThrow();
    Path model = folder.resolve("edited-model");
    String[] writing = Arrays.copyOf(settings, settings.length + 2);
    writing[settings.length] = "edit.write-model.folder=" + model;
    writing[settings.length + 1] =
        "edit.write-model.edits=[\"update:%s/%s\"]"
            .formatted(edited.get("relation"), edited.get("fact_id"));
    assertThat(command("edit", writing)).as(text(err)).isZero();
    assertThat(text(err)).contains("nothing to do", "The edited model is in " + model);
    assertThat(model.resolve("model.safetensors"))
        .isRegularFile()
        .hasSize(
            Files.size(
                Path.of("../common/src/test/resources/fixtures/gpt2-gelu-new/model.safetensors")));

    List<Map<String, Object>> prompts = rows("fact_prompts");
    assertThat(prompts.stream().filter(row -> row.get("votes").equals(false)).count())
        .as("about 0.3 of the prompts are held out")
        .isBetween(prompts.size() / 10L, prompts.size() / 2L);
    assertThat(rows("fact_interventions")).isNotEmpty();
    assertThat(rows("fact_edit_prompts"))
        .anySatisfy(row -> assertThat(row.get("localising")).isEqualTo(false))
        .anySatisfy(row -> assertThat(row.get("localising")).isEqualTo(true));
    assertThat(rows("edit_deltas")).anySatisfy(row -> assertThat(row.get("fact_id")).isNull());
    assertThat(rows("knowledge_neuron_findings"))
        .extracting(row -> row.get("finding"))
        .contains(
            "neurons_per_fact", "suppress_of_own", "update_success_rate", "erasure_perplexity");
  }

  private List<Map<String, Object>> rows(String table) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("w/" + table + "/run_id=r1"))) {
      return TableRows.read(
          table,
          files
              .filter(file -> file.toString().endsWith(".parquet"))
              .map(file -> new org.apache.hadoop.fs.Path(file.toUri()))
              .toList());
    }
  }

  private int command(String command, String... settings) throws IOException {
    Path config = folder.resolve("my.conf");
    Files.writeString(config, "census { run-id = r1, warehouse = \"%s/w\" }".formatted(folder));
    List<String> args = new java.util.ArrayList<>(List.of(command, "--config", config.toString()));
    args.addAll(List.of(settings));
    return FfnCensus.execute(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        args.toArray(String[]::new));
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
