package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.fault.FaultPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunManifestTest {

  @TempDir Path warehouse;
  private RunFixture run;

  @BeforeEach
  void run() {
    run = new RunFixture(warehouse);
  }

  @Test
  void opening_writesNothing_butTheFirstStageDoes() throws IOException {
    RunManifest manifest = run.open();
    assertThat(files(warehouse)).isEmpty();

    manifest.stageStarted(Stage.INGEST, Map.of("java", "17"));
    assertThat(files(warehouse)).containsExactly("_runs/r1/manifest.json");
    assertThat(read().status()).isEqualTo(RunManifest.Status.RUNNING);
    assertThat(read().json().at("/versions/java").asText()).isEqualTo("17");
  }

  @Test
  void completeRun_hasTheFieldsOfTheContract() throws IOException {
    run.publish();
    var json = read().json();
    assertThat(json.properties().stream().map(Map.Entry::getKey))
        .containsExactlyInAnyOrder(
            "run_id",
            "status",
            "created_at",
            "updated_at",
            "completed_at",
            "attempt",
            "configuration",
            "model",
            "corpus",
            "stages",
            "scan",
            "tables",
            "versions");
    assertThat(json.at("/status").asText()).isEqualTo("complete");
    assertThat(json.at("/corpus/inputs/0/fingerprint").asText()).isEqualTo("print");
    assertThat(json.at("/corpus/documents").asLong()).isEqualTo(5);
    assertThat(json.at("/stages/scan/seconds").isNumber()).isTrue();
    assertThat(json.at("/tables/sequences/rows").asLong()).isEqualTo(4);
    assertThat(json.at("/configuration/scan/batch-tokens").asInt()).isEqualTo(4096);
  }

  @Test
  void driverKilledWhileWritingAside_leavesTheOldManifest() throws IOException {
    run.publish();
    Path aside = warehouse.resolve("_runs/r1/_manifest.json.new");
    Files.writeString(aside, "{\"status\": \"runn");

    assertThat(read().status()).isEqualTo(RunManifest.Status.COMPLETE);

    read().failed(Stage.SCAN, "the next write takes its place");
    assertThat(aside).doesNotExist();
    assertThat(read().status()).isEqualTo(RunManifest.Status.FAILED);
  }

  @Test
  void failure_isRecorded_andForgottenWhenTheStageStartsAgain() {
    RunManifest manifest = run.open();
    manifest.stageStarted(Stage.INGEST, Map.of());
    manifest.failed(Stage.INGEST, "disk full");
    assertThat(read().json().at("/error/message").asText()).isEqualTo("disk full");
    assertThat(read().json().at("/error/stage").asText()).isEqualTo("ingest");
    assertThat(read().isComplete(Stage.INGEST)).isFalse();

    RunManifest again = run.open();
    again.stageStarted(Stage.INGEST, Map.of());
    assertThat(read().status()).isEqualTo(RunManifest.Status.RUNNING);
    assertThat(read().json().has("error")).isFalse();
    assertThat(read().attempt()).isEqualTo(1);
  }

  @Test
  void otherConfigurationModelAndCorpus_areRefused_andTheRunIsUnharmed() throws IOException {
    run.publish();
    List<String> before = files(warehouse);
    RunIdentity other =
        new RunIdentity(
            run.config("scan.trigger-prefixes.per-neuron=9"),
            RunFixture.model("other"),
            List.of(new CorpusFile("file:/c", 10, "x"), new CorpusFile("file:/d", 1, "y")),
            null);

    CensusException refusal =
        catchThrowableOfType(
            CensusException.class,
            () ->
                new RunOpener(RunFixture.HADOOP, run.folder)
                    .open(() -> other, Stage.INGEST, false));

    assertThat(refusal.kind()).isEqualTo(CensusException.Kind.CONFIGURATION);
    assertThat(refusal)
        .hasMessage(
            """
            The run r1 in %s was made with another configuration, model or corpus:
              census.scan.trigger-prefixes.per-neuron: was 25, now 9
              the model's weights (/m): SHA-256 was weights, now other
              corpus file file:/c: was 10 bytes, now 10 with other content
              corpus file file:/d: is new
            Use another run-id, or run --force to compute this one again and replace its tables."""
                .formatted(run.folder.warehouse()));
    assertThat(read().status()).isEqualTo(RunManifest.Status.COMPLETE);
    assertThat(files(warehouse)).isEqualTo(before);
  }

  @Test
  void sameRunWithOtherOperationalKeys_isOpened() throws IOException {
    run.publish();
    RunIdentity identity =
        run.identity(
            "model.device=cpu", "scan.batch-tokens=9", "corpus.input=/c*", "model.path=/n");
    RunManifest manifest =
        new RunOpener(RunFixture.HADOOP, run.folder).open(() -> identity, Stage.INGEST, false);
    assertThat(manifest.status()).isEqualTo(RunManifest.Status.COMPLETE);
  }

  @Test
  void force_startsANewAttempt_andKeepsTheOldTablesUntilReplaced() throws IOException {
    run.publish();
    Path staging = Files.createDirectories(warehouse.resolve("_staging/r1/scan"));
    Files.writeString(staging.resolve("partial"), "of the old attempt");

    RunManifest manifest =
        new RunOpener(RunFixture.HADOOP, run.folder)
            .open(() -> run.identity("scan.trigger-prefixes.per-neuron=9"), Stage.SCAN, true);

    assertThat(manifest.attempt()).isEqualTo(2);
    assertThat(read().status()).isEqualTo(RunManifest.Status.RUNNING);
    assertThat(read().isComplete(Stage.INGEST)).isTrue();
    assertThat(read().isComplete(Stage.SCAN)).isFalse();
    assertThat(read().json().at("/configuration/scan/trigger-prefixes/per-neuron").asInt())
        .isEqualTo(9);
    assertThat(staging).doesNotExist();
    assertThat(run.published("trigger_prefixes", "part-0.parquet")).exists();
    assertThat(read().tables()).containsKey("trigger_prefixes");
  }

  @Test
  void forceThatWasKilled_isFinishedByTheNextCommand() throws IOException {
    run.publish();
    Path scanned = Files.createDirectories(warehouse.resolve("_staging/r1/scan/shards"));
    Path interpreted = Files.createDirectories(warehouse.resolve("_staging/r1/interpret"));
    RunOpener opener = new RunOpener(RunFixture.HADOOP, run.folder);
    FaultPlan.install("at=before-discard@interpret");
    try {
      assertThatThrownBy(() -> opener.open(run::identity, Stage.SCAN, true))
          .hasMessageContaining("injected fault");
    } finally {
      FaultPlan.install(null);
    }
    assertThat(scanned).doesNotExist();
    assertThat(interpreted).exists();
    assertThat(read().isComplete(Stage.SCAN)).isFalse();

    Files.createDirectories(scanned);
    opener.open(run::identity, Stage.INTERPRET, true);
    assertThat(scanned).as("the earlier restart began with the scan").doesNotExist();
    assertThat(interpreted).doesNotExist();
    Files.createDirectories(scanned);
    opener.open(run::identity, Stage.INGEST, false);
    assertThat(scanned).as("of the attempt that goes on").exists();
  }

  @Test
  void forcedScan_doesNotCoverAnotherCorpus() throws IOException {
    run.publish();
    RunIdentity identity = run.identity("corpus.id-field=other");
    assertThatThrownBy(
            () ->
                new RunOpener(RunFixture.HADOOP, run.folder).open(() -> identity, Stage.SCAN, true))
        .hasMessageContaining("census.corpus.id-field: was \"id\", now \"other\"")
        .hasMessageContaining("or run --force to");
  }

  @Test
  void warehouseThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(warehouse.resolve("file"), "");
    RunFixture inside = new RunFixture(file.resolve("warehouse"));
    CensusException failure =
        catchThrowableOfType(
            CensusException.class,
            () -> new RunOpener(RunFixture.HADOOP, inside.folder).requireWritable());
    assertThat(failure.kind()).isEqualTo(CensusException.Kind.CONFIGURATION);
    assertThat(failure)
        .hasMessageStartingWith(
            "census.warehouse = file:" + file + "/warehouse: cannot be written (");

    assertThatThrownBy(() -> RunFolder.qualified(RunFixture.HADOOP, "nosuch://x/y", "r"))
        .hasMessageStartingWith("census.warehouse = nosuch://x/y: not a usable path (");
  }

  @Test
  void manifestThatIsNoJson() throws IOException {
    run.publish();
    Files.writeString(warehouse.resolve("_runs/r1/manifest.json"), "<html>");
    assertThatThrownBy(this::read)
        .hasMessageContaining("manifest.json: is not the JSON of a manifest");
  }

  @Test
  void files_ofTheManifest_areReadBack() throws IOException {
    run.publish();
    assertThat(read().tables().get("sequences"))
        .hasSize(2)
        .allSatisfy(file -> assertThat(file.sha256()).hasSize(64))
        .allSatisfy(file -> assertThat(file.rows()).isEqualTo(2));
    assertThat(new ObjectMapper().readTree(warehouse.resolve("_runs/r1/manifest.json").toFile()))
        .isEqualTo(read().json());
  }

  private RunManifest read() {
    return RunManifest.read(RunFixture.HADOOP, run.folder).orElseThrow();
  }

  static List<String> files(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths
          .filter(Files::isRegularFile)
          .map(p -> folder.relativize(p).toString())
          .filter(p -> !p.endsWith(".crc"))
          .sorted()
          .toList();
    }
  }

  @Test
  void facts_areNotedWhenFirstRead_andThenKept() throws IOException {
    run.publish();
    CorpusFile facts = new CorpusFile("file:/f", 5, "facts");
    open(facts).completed();
    assertThat(open(facts).json().at("/facts/inputs/0/fingerprint").asText()).isEqualTo("facts");
    CorpusFile others = new CorpusFile("file:/f", 5, "others");
    assertThatThrownBy(() -> open(others))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("facts file file:/f: was 5 bytes, now 5 with other content")
        .hasMessageContaining("run --force or attribute --force");
  }

  private RunManifest open(CorpusFile facts) {
    RunIdentity without = run.identity();
    RunIdentity identity = new RunIdentity(without.config(), without.model(), null, List.of(facts));
    return new RunOpener(RunFixture.HADOOP, run.folder)
        .open(() -> identity, Stage.ATTRIBUTE, false);
  }
}
