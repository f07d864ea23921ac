package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A census on a standalone cluster of two workers has the tables of one in local mode. */
class ClusterRunIT {
  @TempDir Path folder;

  @Test
  void aClusterMakesTheTablesOfOneMachine() throws IOException {
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    CensusCommand local = CensusCommand.local(folder.resolve("local"));
    local.run(arguments("run", "on-one")).expect(0);
    try (StandaloneCluster cluster =
        new StandaloneCluster(MavenJars.spark(), "2.13", folder.resolve("cluster"))) {
      cluster.startWorker();
      cluster.startWorker();
      CensusCommand command = CensusCommand.on(cluster, folder.resolve("driver"));
      CensusCommand.Result result = command.run(arguments("run", "on-many")).expect(0);
      assertThat(result.output()).contains("The run r1 is complete");
      assertThat(cluster.workers())
          .allSatisfy(worker -> assertThat(worker.log()).contains("Asked to launch executor app-"));
    }
    local.run(arguments("verify", "on-many")).expect(0);
    CorpusAndTables.assertSame(folder.resolve("on-many"), folder.resolve("on-one"));
  }

  private List<String> arguments(String command, String warehouse) throws IOException {
    Path config = Files.writeString(folder.resolve("my.conf"), "");
    return new ArrayList<>(
        List.of(
            command,
            "--config",
            config.toString(),
            "run-id=r1",
            "warehouse=" + folder.resolve(warehouse),
            "model.path="
                + MavenJars.PROJECT.resolve("common/src/test/resources/fixtures/llama-silu"),
            "corpus.input=" + folder.resolve("corpus.jsonl"),
            "corpus.over-long=window",
            "ingest.shard-tokens=150",
            "scan.activations.per-token=4"));
  }
}
