package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.fault.FaultPlan;
import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * The driver dies at each point of the run protocol, and at points that seeds choose; the same
 * command finishes the run with the tables of an undisturbed one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledAtFaultPointsIT {
  static final List<String> POINTS = FaultPointsTest.IN_ORDER;

  private static final int SEEDS = 20;

  private Path folder;
  private Path undisturbed;

  @BeforeAll
  void undisturbed(@TempDir Path shared) throws IOException {
    folder = shared;
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    undisturbed = folder.resolve("undisturbed");
    ChildCensus census = new ChildCensus(folder, settings(undisturbed));
    assertThat(census.run("run")).as(census.log()).isZero();
  }

  @ParameterizedTest
  @FieldSource("POINTS")
  void killedAtANamedPoint(String point) throws IOException {
    Path warehouse = folder.resolve("at-" + point.replace(':', '-'));
    ChildCensus census = new ChildCensus(folder, settings(warehouse));
    assertThat(census.run("run", plan("action=exit,at=" + point)))
        .as(census.log())
        .isEqualTo(FaultPlan.EXIT_CODE);
    finish(warehouse);
  }

  /** A seed that fails is run again with the plan that the message names. */
  @Test
  void killedAtPointsOfASeed() throws IOException {
    int killed = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Path warehouse = folder.resolve("seed-" + seed);
      ChildCensus census = new ChildCensus(folder, settings(warehouse));
      String plan = plan("action=exit,probability=0.04,seed=" + seed);
      int exit = census.run("run", plan);
      assertThat(exit).as(plan + census.log()).isIn(0, FaultPlan.EXIT_CODE);
      if (exit != 0) {
        killed++;
        finish(warehouse);
      }
      CorpusAndTables.assertSame(warehouse, undisturbed);
    }
    assertThat(killed).as("seeds that kill").isGreaterThan(SEEDS / 3);
  }

  /** In this process, which spares the start of others. */
  private void finish(Path warehouse) throws IOException {
    try (CensusCli census = new CensusCli(folder, settings(warehouse))) {
      assertThat(census.run("verify")).as("nothing is complete yet: " + census.out()).isEqualTo(1);
      assertThat(census.run("run")).as(census.err()).isZero();
      assertThat(census.run("verify")).as(census.out()).isZero();
    }
    CorpusAndTables.assertSame(warehouse, undisturbed);
  }

  private static String plan(String plan) {
    return "-D" + FaultPlan.PROPERTY + "=" + plan;
  }

  private List<String> settings(Path warehouse) {
    return List.of(
        "run-id=r1",
        "warehouse=" + warehouse,
        "model.path=../common/src/test/resources/fixtures/llama-silu",
        "corpus.input=" + folder.resolve("corpus.jsonl"),
        "corpus.over-long=window",
        "ingest.shard-tokens=700",
        "stages=[ingest,scan]",
        "scan.activations.per-token=4");
  }
}
