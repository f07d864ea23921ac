package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.cluster.Shared.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Two workers of one machine that announce made-up GPUs by the shipped discovery script. There is
 * no CUDA here, so the model cannot be loaded; the failure names the device that it was asked for.
 */
@ExtendWith(Shared.class)
class GpuSchedulingIT {
  private static final String SCRIPT =
      MavenJars.PROJECT.resolve("submit-scripts/discover-gpus").toString();

  @Test
  void everyExecutorHasAGpuOfItsOwn_andTheModelAsksForExactlyThat(Reference reference)
      throws IOException {
    Path folder = Shared.folder("gpus");
    try (StandaloneCluster cluster = new StandaloneCluster(MavenJars.spark(), "2.13", folder)) {
      Worker first = worker(cluster, "3");
      Worker second = worker(cluster, "5");
      CensusCommand.Result result =
          CensusCommand.on(cluster, folder)
              .with("FFN_CENSUS_GPUS", "1")
              .submit(
                  // Both executors before the first task, and tasks enough for both to fail at
                  // some.
                  "--conf", "spark.scheduler.minRegisteredResourcesRatio=1.0",
                  "--conf", "spark.scheduler.maxRegisteredResourcesWaitingTime=120s",
                  "--conf", "spark.cores.max=2",
                  "--conf", "spark.task.maxFailures=20")
              .run(
                  reference
                      .census()
                      .arguments(
                          "run",
                          "r1",
                          folder.resolve("warehouse").toString(),
                          "stages=[ingest,scan]"));
      assertThat(result.exitCode()).as(result.output()).isEqualTo(2);
      assertThat(result.output()).containsPattern("the scheduler assigned gpu:[35], but");
      assertThat(new RunWatch(folder.resolve("warehouse").toUri().toString(), "r1"))
          .satisfies(watch -> assertThat(watch.isComplete("ingest")).isTrue());
      assertThat(first.log())
          .contains("the scheduler assigned gpu:3, but")
          .doesNotContain("assigned gpu:5");
      assertThat(second.log())
          .contains("the scheduler assigned gpu:5, but")
          .doesNotContain("assigned gpu:3");
    }
  }

  private static Worker worker(StandaloneCluster cluster, String address) throws IOException {
    return cluster.startWorker(
        Map.of("FFN_CENSUS_GPU_ADDRESSES", address),
        List.of(
                "spark.worker.resource.gpu.amount 1",
                "spark.worker.resource.gpu.discoveryScript " + SCRIPT)
            .toArray(String[]::new));
  }
}
