package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.cluster.Shared.Reference;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A census on a standalone cluster of two workers has the tables of one in local mode. */
@ExtendWith(Shared.class)
class ClusterRunIT {

  @Test
  void aClusterMakesTheTablesOfOneMachine(StandaloneCluster cluster, Reference reference)
      throws IOException {
    Path folder = Shared.folder("cluster-run");
    Path warehouse = folder.resolve("warehouse");
    CensusCommand.Result result =
        CensusCommand.on(cluster, folder)
            .run(reference.census().arguments("run", "r1", warehouse.toString()))
            .expect(0);
    assertThat(result.output()).contains("The run r1 is complete");
    assertThat(cluster.workers())
        .allSatisfy(
            worker -> assertThat(worker.process().log()).contains("Asked to launch executor app-"));
    reference.assertSound(warehouse, "r1");
  }
}
