package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver that is killed in the middle of a scan, and the same command again. */
class KilledRunTest {
  @TempDir Path folder;

  @Test
  void killedDuringTheScan_andRunAgain_givesTheTablesOfAnUndisturbedRun() throws Exception {
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    Path undisturbed = folder.resolve("undisturbed");
    try (CensusCli census = new CensusCli(folder, settings(undisturbed))) {
      assertThat(census.run("run")).as(census.err()).isZero();
    }

    Path killed = folder.resolve("killed");
    ChildCensus children = new ChildCensus(folder, settings(killed));
    Process child = children.start("run");
    try {
      Path records = killed.resolve("_staging/r1/scan/shards");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (count(records) < 3) {
        assertThat(child.isAlive()).as("the child, which wrote: %s", children.log()).isTrue();
        assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
        Thread.sleep(5);
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    assertThat(child.exitValue()).as("SIGKILL").isEqualTo(128 + 9);
    assertThat(killed.resolve("neuron_stats")).doesNotExist();
    assertThat(Files.readString(killed.resolve("_runs/r1/manifest.json")))
        .contains("\"status\" : \"running\"");

    try (CensusCli census = new CensusCli(folder, settings(killed))) {
      assertThat(census.run("run")).as(census.err()).isZero();
      assertThat(census.run("verify")).as(census.out()).isZero();
    }
    CorpusAndTables.assertSame(killed, undisturbed);
  }

  private List<String> settings(Path warehouse) {
    return List.of(
        "run-id=r1",
        "warehouse=" + warehouse,
        "model.path=../common/src/test/resources/fixtures/llama-silu",
        "corpus.input=" + folder.resolve("corpus.jsonl"),
        "corpus.over-long=window",
        "ingest.shard-tokens=150",
        "scan.activations.per-token=4");
  }

  private static int count(Path records) {
    String[] names = records.toFile().list((folder, name) -> name.matches("\\d+\\.json"));
    return names == null ? 0 : names.length;
  }
}
