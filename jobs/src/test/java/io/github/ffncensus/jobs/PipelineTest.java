package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.config.ConfigLoader;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.run.StageResult;
import io.github.ffncensus.table.TableFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineTest {

  private static final Configuration HADOOP = new Configuration();
  private static final List<Stage> BOTH = List.of(Stage.INGEST, Stage.SCAN);

  @TempDir Path folder;
  private final List<String> calls = new ArrayList<>();
  private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
  private RuntimeException failure;
  private Runnable whenComputed = () -> {};
  private Runnable whenPublished = () -> {};
  private List<Stage> configured = BOTH;
  private List<String> settings = List.of();

  @BeforeEach
  void corpus() throws IOException {
    Files.writeString(folder.resolve("corpus.jsonl"), "{}");
  }

  @Test
  void run_computesEachStageOnce_andThenNothing() throws IOException {
    run(BOTH, false);
    assertThat(calls).containsExactly("start", "ingest", "scan", "close");
    assertThat(manifest().status()).isEqualTo(RunManifest.Status.COMPLETE);
    assertThat(manifest().json().at("/versions/spark").asText()).startsWith("4.");
    assertThat(manifest().json().at("/versions").properties())
        .noneMatch(v -> v.getValue().asText().equals("unknown"));
    assertThat(manifest().json().at("/model/model_type").asText()).isEqualTo("gpt2");
    assertThat(folder.resolve("w/_staging/r1/ingest")).doesNotExist();
    assertThat(folder.resolve("w/rejects/run_id=r1/ingest.parquet")).exists();

    calls.clear();
    Path left = Files.createDirectories(folder.resolve("w/_staging/r1/scan/of-a-killed-driver"));
    run(BOTH, false);
    assertThat(left.getParent()).doesNotExist();
    assertThat(calls).as("Spark is not started").isEmpty();
    assertThat(messages())
        .endsWith("The run r1 is complete: nothing to do (--force computes it again).\n");
  }

  @Test
  void stagesAlone_completeTheRunTogether() throws IOException {
    run(List.of(Stage.INGEST), false);
    assertThat(manifest().status()).isEqualTo(RunManifest.Status.RUNNING);
    assertThat(messages()).endsWith("The run r1 still lacks: scan\n");

    Files.delete(folder.resolve("corpus.jsonl"));
    run(List.of(Stage.SCAN), false);
    assertThat(calls).containsExactly("start", "ingest", "close", "start", "scan", "close");
    assertThat(manifest().status()).isEqualTo(RunManifest.Status.COMPLETE);
  }

  @Test
  void scan_withoutIngest() {
    CensusException refusal =
        catchThrowableOfType(CensusException.class, () -> run(List.of(Stage.SCAN), false));
    assertThat(refusal.kind()).isEqualTo(CensusException.Kind.CONFIGURATION);
    assertThat(refusal)
        .hasMessageEndingWith("has no ingested corpus: run ingest first, or run for all stages");
    assertThat(folder.resolve("w/_runs")).doesNotExist();
  }

  @Test
  void stagesOnFacts_needKnowledgeNeurons_andNotAllOfThemACorpus() throws IOException {
    configured = List.of(Stage.ATTRIBUTE, Stage.KN_STATS, Stage.EDIT);
    Files.writeString(folder.resolve("facts.jsonl"), "{}");
    assertThatThrownBy(() -> run(List.of(Stage.EDIT), false))
        .hasMessageEndingWith(
            "has no knowledge neurons: run attribute first, or run for all stages");
    run(List.of(Stage.ATTRIBUTE), false);
    run(List.of(Stage.EDIT), false);
    assertThatThrownBy(() -> run(List.of(Stage.KN_STATS), false))
        .hasMessageEndingWith("has no ingested corpus: run ingest first, or run for all stages");
  }

  @ParameterizedTest
  @ValueSource(strings = {"scan.activations", "interpret.perturbations"})
  void neuronsThatTheModelHasNot_areRefusedBeforeAnyWork(String section) {
    configured = List.of(Stage.INGEST, Stage.SCAN, Stage.INTERPRET);
    settings =
        List.of(
            "scan.activations.mode=neurons",
            "scan.activations.neurons=[\"0:1\"]",
            section + ".neurons=[\"1:127\",\"0:128\"]");
    CensusException refusal =
        catchThrowableOfType(CensusException.class, () -> run(configured, false));
    assertThat(refusal.kind()).isEqualTo(CensusException.Kind.CONFIGURATION);
    assertThat(refusal)
        .hasMessage(
            "census."
                + section
                + ".neurons: 0:128 is not in the model, which has layers 0 to 1 with neurons 0 to 127");
    assertThat(folder.resolve("w/_runs")).doesNotExist();
  }

  @Test
  void interpret_needsAScan_andKeepsIt() throws IOException {
    configured = List.of(Stage.INGEST, Stage.SCAN, Stage.INTERPRET);
    run(List.of(Stage.INGEST), false);
    assertThatThrownBy(() -> run(List.of(Stage.INTERPRET), false))
        .hasMessageEndingWith("has no scan to interpret: run scan first, or run for all stages");
    run(List.of(Stage.SCAN), false);
    assertThat(messages()).endsWith("The run r1 still lacks: interpret\n");
    run(List.of(Stage.INTERPRET), false);
    assertThat(manifest().status()).isEqualTo(RunManifest.Status.COMPLETE);

    calls.clear();
    run(List.of(Stage.INTERPRET), true);
    assertThat(calls).containsExactly("start", "interpret", "close");
    assertThat(manifest().isComplete(Stage.SCAN)).isTrue();
  }

  @Test
  void failure_isRecorded_andTheNextRunContinues() throws IOException {
    run(List.of(Stage.INGEST), false);
    failure =
        new RuntimeException(
            "Job aborted", new IllegalStateException("disk full\n\tat Stack.trace"));
    CensusException failed = catchThrowableOfType(CensusException.class, () -> run(BOTH, false));
    assertThat(failed.kind()).isEqualTo(CensusException.Kind.RUN_FAILED);
    assertThat(failed)
        .hasMessageStartingWith(
            "scan failed: IllegalStateException: disk full\nRun the same command again to continue");
    assertThat(manifest().status()).isEqualTo(RunManifest.Status.FAILED);
    assertThat(manifest().json().at("/error/stage").asText()).isEqualTo("scan");

    failure = null;
    calls.clear();
    run(BOTH, false);
    assertThat(calls).containsExactly("start", "scan", "close");
    assertThat(messages()).contains("ingest is complete already.");
    assertThat(manifest().status()).isEqualTo(RunManifest.Status.COMPLETE);
  }

  @Test
  void censusFailureOfATask_keepsKindAndMessage() {
    failure =
        new RuntimeException(
            "Lost task 0.0: " + CensusException.input("layer 3: weights contain NaN") + "\n\tat x");
    CensusException failed = catchThrowableOfType(CensusException.class, () -> run(BOTH, false));
    assertThat(failed.kind()).isEqualTo(CensusException.Kind.INPUT);
    assertThat(failed).hasMessage("layer 3: weights contain NaN");
    assertThat(manifest().json().at("/error/message").asText())
        .isEqualTo("layer 3: weights contain NaN");
  }

  @Test
  void force_computesTheStagesAgain() throws IOException {
    run(BOTH, false);
    calls.clear();
    run(List.of(Stage.SCAN), true);
    assertThat(calls).containsExactly("start", "scan", "close");
    assertThat(manifest().attempt()).isEqualTo(2);
    assertThat(manifest().status()).isEqualTo(RunManifest.Status.COMPLETE);
  }

  @Test
  void otherCorpus_isRefused() throws IOException {
    run(BOTH, false);
    Files.writeString(folder.resolve("corpus.jsonl"), "[]");
    assertThatThrownBy(() -> run(BOTH, false))
        .hasMessageContaining("corpus.jsonl: was 2 bytes, now 2 with other content")
        .hasMessageContaining("Use another run-id, or run --force");
    run(BOTH, true);
    assertThat(manifest().attempt()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"computed", "published", "failed"})
  void driverThatWasTakenForDead_leavesItsSuccessorsFilesAlone(String moment) throws IOException {
    Path manifest = folder.resolve("w/_runs/r1/manifest.json");
    Path lock = folder.resolve("w/_runs/r1/driver.lock");
    Path table = folder.resolve("w/rejects/run_id=r1/successor.parquet");
    Path staged = folder.resolve("w/_staging/r1/ingest/successor");
    Runnable takeover =
        () -> {
          try {
            Files.writeString(lock, Files.readString(lock).replaceAll("token\":\"", "$0other"));
            Files.writeString(manifest, "{\"status\":\"running\"}");
            Files.createDirectories(table.getParent());
            Files.writeString(table, "published");
            Files.writeString(staged, "staged");
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    switch (moment) {
      case "computed" -> whenComputed = takeover;
      case "published" -> whenPublished = takeover;
      default ->
          whenComputed =
              () -> {
                takeover.run();
                throw new IllegalStateException("SparkContext was shut down");
              };
    }
    assertThatThrownBy(() -> run(BOTH, false))
        .hasMessageContaining("Another driver has taken over the run");
    assertThat(manifest).hasContent("{\"status\":\"running\"}");
    assertThat(table).hasContent("published");
    assertThat(staged).hasContent("staged");
    assertThat(lock).content().contains("other");
  }

  private void run(List<Stage> stages, boolean force) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "run-id=r1",
                "warehouse=" + folder.resolve("w"),
                "model.path=../common/src/test/resources/fixtures/gpt2-gelu-new",
                "corpus.input=" + folder.resolve("corpus.jsonl"),
                "facts.input=" + folder.resolve("facts.jsonl"),
                "stages=["
                    + String.join(",", configured.stream().map(Stage::word).toList())
                    + "]"));
    all.addAll(settings);
    CensusConfig config = ConfigLoader.load(Files.writeString(folder.resolve("c.conf"), ""), all);
    PrintStream out = new PrintStream(messages, true, StandardCharsets.UTF_8);
    new Pipeline(config, HADOOP, (runFolder, model) -> new Fake(runFolder), out).run(stages, force);
  }

  private RunManifest manifest() {
    return RunManifest.read(
            HADOOP, RunFolder.qualified(HADOOP, folder.resolve("w").toString(), "r1"))
        .orElseThrow();
  }

  private String messages() {
    return messages.toString(StandardCharsets.UTF_8);
  }

  /** Notes what is asked of it, and leaves one staged file per stage. */
  private final class Fake implements StageRunner {

    private final RunFolder runFolder;

    Fake(RunFolder runFolder) {
      this.runFolder = runFolder;
      calls.add("start");
    }

    @Override
    public StageResult run(Stage stage) {
      calls.add(stage.word());
      if (failure != null) {
        throw failure;
      }
      Path staged = Path.of(runFolder.staging(stage.word()).toUri()).resolve("rejects");
      try {
        Files.createDirectories(staged);
        Files.writeString(staged.resolve(stage.word() + ".parquet"), "12345");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      whenComputed.run();
      TableFile file = new TableFile(stage.word() + ".parquet", 0, 5, "");
      return new StageResult(
          stage == Stage.INGEST ? Map.of("rejects", List.of(file)) : Map.of(),
          new Counts(),
          Map.of(),
          List.of());
    }

    @Override
    public void close() {
      calls.add("close");
    }
  }

  /** The counts that the manifest gets once all tables are published. */
  private final class Counts extends HashMap<String, Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public void forEach(BiConsumer<? super String, ? super Long> action) {
      whenPublished.run();
    }
  }
}
