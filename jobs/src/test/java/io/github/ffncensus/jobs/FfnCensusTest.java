package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.attribute.SmallFacts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FfnCensusTest {

  private static final String MODEL =
      "model.path=../common/src/test/resources/fixtures/gpt2-gelu-new";

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void help() {
    assertThat(execute("--help")).isZero();
    assertThat(text(out))
        .contains(
            "Usage: ffn-census",
            "run",
            "ingest",
            "scan",
            "interpret",
            "runs",
            "verify",
            "Exit codes:");
    assertThat(text(err)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "ingest", "scan", "interpret", "runs", "verify"})
  void helpOfACommand(String command) {
    assertThat(execute(command, "--help")).isZero();
    assertThat(text(out))
        .contains(
            "Usage: ffn-census " + command, "--config=FILE", "--debug", "KEY=VALUE", "--version");
  }

  @Test
  void version() {
    assertThat(execute("--version")).isZero();
    assertThat(text(out)).matches("ffn-census \\d+\\.\\d+.*\\n");
  }

  @Test
  void commandLineThatIsUnusable() {
    assertThat(execute()).isEqualTo(2);
    assertThat(text(err))
        .contains(
            "Name a command: plan, run, ingest, scan, interpret, attribute, kn-stats, intervene, edit, combine, runs");
    assertThat(execute("rnu")).isEqualTo(2);
    assertThat(text(err)).contains("'rnu'");
    assertThat(execute("run")).isEqualTo(2);
    assertThat(text(err)).contains("--config=FILE", "ffn-census run --help says more.");
    assertThat(execute("run", "--config", "x", "--forse")).isEqualTo(2);
    assertThat(text(err)).contains("--forse").contains("--force");
  }

  @Test
  void configurationThatIsUnusable() throws IOException {
    assertThat(execute("run", "--config", folder + "/none.conf")).isEqualTo(2);
    assertThat(text(err))
        .contains("ffn-census: " + folder + "/none.conf: no such configuration file");
    assertThat(command("run", "corpus.fromat=text")).isEqualTo(2);
    assertThat(text(err))
        .contains(
            "command line: unknown key corpus.fromat; the nearest known key is census.corpus.format");
    assertThat(text(err)).doesNotContain("\tat ");
  }

  @Test
  void warehouseThatIsUnusable() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThat(command("run", "warehouse=" + file + "/w", MODEL)).isEqualTo(2);
    assertThat(text(err)).contains("census.warehouse = file:" + file + "/w: cannot be written");
  }

  @Test
  void inputThatIsUnusable() throws IOException {
    assertThat(command("run", "model.path=/no/such/model")).isEqualTo(3);
    assertThat(text(err)).contains("/no/such/model");
    assertThat(command("run", MODEL, "corpus.input=" + folder + "/*.none")).isEqualTo(3);
    assertThat(text(err)).contains(folder + "/*.none");
    assertThat(folder.resolve("w/_runs")).doesNotExist();
  }

  @Test
  void debug_showsTheStackTrace() throws IOException {
    assertThat(command("run", "--debug", "model.path=/no/such/model")).isEqualTo(3);
    assertThat(text(err)).contains("\tat ");
  }

  @Test
  void runs_listsTheWarehouse() throws IOException {
    assertThat(command("runs")).isZero();
    assertThat(text(err)).contains("There are no runs in file:" + folder + "/w.");

    Path runs = Files.createDirectories(folder.resolve("w/_runs"));
    Files.createDirectory(runs.resolve("a"));
    Files.writeString(
        runs.resolve("a/manifest.json"),
        """
        {"status": "complete", "updated_at": "2026-11-23T10:00:00Z", "stages": {"ingest": {"status": "complete"}},
         "corpus": {"sequences": 1234, "tokens": 56789}, "model": {"name": "tiny"}}""");
    Files.createDirectory(runs.resolve("b"));
    Files.writeString(runs.resolve("b/manifest.json"), "{");
    assertThat(command("runs")).isZero();
    assertThat(text(out).lines().map(line -> line.replaceAll(" +", " ")))
        .contains("a complete ingest 2026-11-23T10:00:00Z 1,234 56,789 tiny")
        .anyMatch(line -> line.startsWith("b damaged "));
  }

  @Test
  void verify_withoutARun() throws IOException {
    assertThat(command("verify")).isEqualTo(1);
    assertThat(text(err)).contains("There is no run r1 in file:" + folder + "/w");
  }

  @Test
  void run_fromCorpusToVerifiedTables_andAgainWithoutWork() throws IOException {
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.master", "local[2]");
    Path corpus =
        Files.writeString(folder.resolve("corpus.txt"), "The cat sat.\nA dog ran far.\n\n");
    String[] overrides = {MODEL, "corpus.format=text", "corpus.input=" + corpus};

    assertThat(command("run", overrides)).as(text(err)).isZero();
    assertThat(text(err)).contains("scan: 1 shards", "The run r1 is complete: ");
    assertThat(command("verify", overrides)).as(text(out)).isZero();
    assertThat(text(out))
        .contains("The run r1 is sound: ", "sequences 2 rows", "neuron_stats 256 rows");
    assertThat(command("findings", overrides)).isZero();
    assertThat(text(out)).contains("patterns_per_neuron", "agreement_rate");
    assertThat(command("show", with(overrides, "--random", "1"))).isZero();
    assertThat(text(out)).contains("Layer 0, neuron ", "  promotes  ", "  active    on ");
    Path sheet = folder.resolve("sheet.tsv");
    assertThat(command("show", with(overrides, "--annotate", sheet.toString()))).isZero();
    assertThat(Files.readString(sheet)).startsWith("layer\tneuron\trank\tprefix\t");
    assertThat(command("show", with(overrides, "--neuron", "1,2"))).isEqualTo(2);
    assertThat(text(err)).contains("--neuron 1,2: must be a layer and a neuron, such as 2:517");
    assertThat(command("report", overrides)).as(text(err)).isZero();
    Path page = folder.resolve("w/_runs/r1/report.html");
    assertThat(text(out).strip()).endsWith(page.toString());
    assertThat(Files.readString(page)).contains("<title>FFN Census: r1</title>", "agreement rate");
    Path elsewhere = folder.resolve("page.html");
    assertThat(command("report", with(overrides, "--output", elsewhere.toString()))).isZero();
    assertThat(elsewhere).hasSameTextualContentAs(page);

    assertThat(command("run", overrides)).isZero();
    assertThat(text(err))
        .endsWith("The run r1 is complete: nothing to do (--force computes it again).\n");
    assertThat(
            command(
                "run",
                MODEL,
                "corpus.format=text",
                "corpus.input=" + corpus,
                "corpus.sequence=line"))
        .isEqualTo(2);
    assertThat(text(err)).contains("census.corpus.sequence: was \"sentence\", now \"line\"");
  }

  @Test
  void facts_withoutACorpus() throws IOException {
    Path facts = SmallFacts.write(folder.resolve("facts.jsonl"));
    Path config = folder.resolve("facts.conf");
    Files.writeString(
        config,
        "census { run-id = r1, warehouse = \"%s/w\", %s, facts.input = [\"%s\"], stages = [attribute], attribute.steps = 2 }"
            .formatted(folder, MODEL, facts));
    assertThat(execute("run", "--config", config.toString())).as(text(err)).isZero();
    assertThat(text(err)).contains("facts: 1 tasks", "attributions: 1 tasks", "is complete");
    assertThat(execute("verify", "--config", config.toString())).as(text(out)).isZero();
    Files.writeString(facts, "{}");
    assertThat(execute("run", "--config", config.toString())).isEqualTo(2);
    assertThat(text(err))
        .contains("facts file file:" + facts + ": was")
        .contains("attribute --force");
    assertThat(execute("attribute", "--config", config.toString(), "--force")).isEqualTo(3);
    assertThat(text(err)).contains("no prompt in them can be used").contains("missing_field");
  }

  private static String[] with(String[] overrides, String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of(overrides));
    return all.toArray(String[]::new);
  }

  private int command(String command, String... more) throws IOException {
    Path config = folder.resolve("my.conf");
    Files.writeString(
        config,
        "census { run-id = r1, warehouse = \"%s/w\", model.path = x, corpus.input = [\"%s\"] }"
            .formatted(folder, config));
    List<String> args = new ArrayList<>(List.of(command, "--config", config.toString()));
    args.addAll(List.of(more));
    return execute(args.toArray(String[]::new));
  }

  private int execute(String... args) {
    return FfnCensus.execute(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        args);
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
