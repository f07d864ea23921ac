package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.fault.FaultPlan;
import io.github.ffncensus.jobs.fault.FaultPoint;
import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that fails at one point of its protocol after the other, each attempt a little further on,
 * ends in the tables of an undisturbed run. {@code KilledAtFaultPointsIT} kills the process there.
 */
class FaultPointsTest {
  static final List<String> IN_ORDER =
      List.of(
          "within-replacement@manifest.json",
          "after-stage@ingest",
          "between-table-moves@sequences",
          "before-manifest@ingest",
          "after-manifest@ingest",
          "task-start@scan:1",
          "in-forward@40",
          "in-shard@1",
          "task-end@scan:1",
          "before-record@shards:1",
          "after-record@shards:1",
          "after-stage@scan",
          "between-table-moves@trigger_prefixes",
          "before-manifest@scan",
          "after-manifest@scan",
          "before-complete@r1");

  /** Of a run that is computed again. */
  private static final List<String> FORCED_IN_ORDER =
      List.of("before-discard@ingest", "before-discard@scan");

  @TempDir Path folder;

  @AfterEach
  void noFaults() {
    FaultPlan.install(null);
  }

  @Test
  void everyPointIsHere() {
    assertThat(Stream.of(IN_ORDER, FORCED_IN_ORDER).flatMap(List::stream))
        .extracting(point -> point.substring(0, point.indexOf('@')))
        .containsAll(Stream.of(FaultPoint.values()).map(FaultPoint::word).toList());
  }

  @Test
  void runThatFailsAtEachOfThem_inTurn() throws IOException {
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    Path undisturbed = folder.resolve("undisturbed");
    try (CensusCli census = census(undisturbed)) {
      assertThat(census.run("run")).as(census.err()).isZero();
    }
    Path disturbed = folder.resolve("disturbed");
    try (CensusCli census = census(disturbed)) {
      for (String point : IN_ORDER) {
        FaultPlan.install("at=" + point);
        assertThat(census.run("run")).as(point + ": " + census.err()).isEqualTo(1);
        assertThat(census.err()).contains("injected fault at " + point);
        assertThat(census.run("verify")).as("after %s nothing is complete", point).isEqualTo(1);
      }
      FaultPlan.install(null);
      assertThat(census.run("run")).as(census.err()).isZero();
      assertThat(census.run("verify")).as(census.out()).isZero();
    }
    CorpusAndTables.assertSame(disturbed, undisturbed);
    assertThat(disturbed.resolve("_staging/r1")).isEmptyDirectory();
  }

  @Test
  void forcedRunThatFailsAtEachOfThem_inTurn() throws IOException {
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    Path undisturbed = folder.resolve("undisturbed");
    Path disturbed = folder.resolve("disturbed");
    try (CensusCli census = census(undisturbed)) {
      assertThat(census.run("run")).as(census.err()).isZero();
    }
    try (CensusCli census = census(disturbed)) {
      assertThat(census.run("run")).as(census.err()).isZero();

      FaultPlan.install("at=within-replacement@manifest.json");
      assertThat(census.run("run", "--force")).as(census.err()).isEqualTo(1);
      FaultPlan.install(null);
      assertThat(disturbed.resolve("_runs/r1/shards.json")).as("of a complete run").exists();
      assertThat(census.run("verify")).as("it is as it was: " + census.out()).isZero();

      for (String point : FORCED_IN_ORDER) {
        FaultPlan.install("at=" + point);
        assertThat(census.run("run", "--force")).as(point + ": " + census.err()).isEqualTo(1);
        assertThat(census.err()).contains("injected fault at " + point);
        assertThat(census.run("verify")).as("after %s nothing is complete", point).isEqualTo(1);
      }
      FaultPlan.install(null);
      assertThat(census.run("run")).as(census.err()).isZero();
      assertThat(census.run("verify")).as(census.out()).isZero();
    }
    CorpusAndTables.assertSame(disturbed, undisturbed);
  }

  private CensusCli census(Path warehouse) throws IOException {
    return new CensusCli(
        folder,
        List.of(
            "run-id=r1",
            "warehouse=" + warehouse,
            "model.path=../common/src/test/resources/fixtures/llama-silu",
            "corpus.input=" + folder.resolve("corpus.jsonl"),
            "corpus.over-long=window",
            "ingest.shard-tokens=700",
            "stages=[ingest,scan]",
            "scan.activations.per-token=4"));
  }
}
