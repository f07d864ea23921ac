package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Runs on a disk that is full at one moment, beside one that never is. */
final class FullDisk implements AutoCloseable {
  private final Path folder;
  private final Path undisturbed;
  private final int calls;

  FullDisk(Path folder) throws IOException {
    this.folder = folder;
    this.undisturbed = folder.resolve("undisturbed");
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    FullDiskFileSystem.failAt(0);
    try (CensusCli census = census(undisturbed)) {
      assertThat(census.run("run")).as(census.err()).isZero();
    }
    calls = FullDiskFileSystem.calls();
  }

  /** Calls of a run that take room on the disk. */
  int calls() {
    return calls;
  }

  /**
   * A run whose call of this number fails, and the same command again.
   *
   * @return the exit code of the first
   */
  int fail(int call) throws IOException {
    Path warehouse = folder.resolve("full-" + call);
    try (CensusCli census = census(warehouse)) {
      FullDiskFileSystem.failAt(call);
      int exit = census.run("run");
      String message = census.err();
      FullDiskFileSystem.failAt(0);
      if (exit != 0) {
        // Before any work, where the probe of the warehouse failed.
        assertThat(exit).as("call %d: %s", call, message).isIn(1, 2);
        assertThat(message).contains("No space left on device");
        assertThat(census.run("verify")).as("nothing is complete yet").isEqualTo(1);
        assertThat(census.run("run")).as("call %d: %s", call, census.err()).isZero();
      }
      assertThat(census.run("verify")).as("call %d: %s", call, census.out()).isZero();
      CorpusAndTables.assertSame(warehouse, undisturbed);
      return exit;
    }
  }

  private CensusCli census(Path warehouse) throws IOException {
    CensusCli census =
        new CensusCli(
            folder,
            List.of(
                "run-id=r1",
                "warehouse=" + FullDiskFileSystem.ROOT + warehouse.toString().substring(1),
                "model.path=../common/src/test/resources/fixtures/gpt2-gelu-new",
                "corpus.input=file:" + folder.resolve("corpus.jsonl"),
                "corpus.over-long=window",
                "ingest.shard-tokens=700",
                "stages=[ingest,scan]",
                "scan.activations.per-token=4"));
    FullDiskFileSystem.install(census);
    return census;
  }

  @Override
  public void close() {
    FullDiskFileSystem.failAt(0);
  }
}
