package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.cluster.Shared.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  private static final Pattern REFUSED =
      Pattern.compile("the scheduler assigned gpu:([0-9]+), but");

  @Test
  void everyExecutorHasAGpuOfItsOwn_andTheModelAsksForExactlyThat(Reference reference)
      throws IOException {
    Path folder = Shared.folder("gpus");
    try (StandaloneCluster cluster = new StandaloneCluster(MavenJars.spark(), "2.13", folder)) {
      Map<String, Worker> byAddress = Map.of("3", worker(cluster, "3"), "5", worker(cluster, "5"));
      String asked = refusedAddress(run(cluster, folder, reference, 2));
      String other = asked.equals("3") ? "5" : "3";
      for (String address : byAddress.keySet()) {
        assertThat(byAddress.get(address).log())
            .contains("gpu -> [name: gpu, addresses: " + address + "]")
            .containsOnlyOnce("gpu -> [");
      }
      assertThat(byAddress.get(asked).log()).contains(refusal(asked));
      assertThat(new RunWatch(folder.resolve("warehouse").toUri().toString(), "r1"))
          .satisfies(watch -> assertThat(watch.isComplete("ingest")).isTrue());

      // The first refusal ends a run, so the other executor is asked by another run.
      byAddress.get(asked).process().kill();
      assertThat(refusedAddress(run(cluster, folder, reference, 1))).isEqualTo(other);
      assertThat(byAddress.get(other).log()).contains(refusal(other));
    }
  }

  /** Ingest has executors without, and those of one machine that have one have different ones. */
  @Test
  void unlessToldOtherwise_onlyStagesThatRunTheModelHoldGpus(Reference reference)
      throws IOException {
    Path folder = Shared.folder("gpus-on-demand");
    try (StandaloneCluster cluster = new StandaloneCluster(MavenJars.spark(), "2.13", folder)) {
      Worker worker =
          cluster.startWorker(
              2,
              Map.of("FFN_CENSUS_GPU_ADDRESSES", "3 5"),
              "spark.worker.resource.gpu.amount 2",
              "spark.worker.resource.gpu.discoveryScript " + SCRIPT);
      CensusCommand command =
          CensusCommand.on(cluster, folder)
              .with("FFN_CENSUS_GPUS", "1")
              .with("FFN_CENSUS_EXECUTORS", "2")
              .submit("--conf", "spark.dynamicAllocation.executorIdleTimeout=1s");
      refusedAddress(command.run(arguments(folder, reference)));
      assertThat(new RunWatch(folder.resolve("warehouse").toUri().toString(), "r1"))
          .satisfies(watch -> assertThat(watch.isComplete("ingest")).isTrue());
      List<String> logs = worker.logs();
      List<String> withGpu = logs.stream().filter(log -> log.contains("gpu -> [")).toList();
      assertThat(logs.size() - withGpu.size()).as("executors without a GPU").isPositive();
      assertThat(withGpu).as("executors with a GPU").hasSize(2);
      assertThat(withGpu)
          .satisfiesOnlyOnce(log -> assertThat(log).contains("addresses: 3]"))
          .satisfiesOnlyOnce(log -> assertThat(log).contains("addresses: 5]"));
    }
  }

  private static List<String> arguments(Path folder, Reference reference) {
    return reference
        .census()
        .arguments("run", "r1", folder.resolve("warehouse").toString(), "stages=[ingest,scan]");
  }

  private static CensusCommand.Result run(
      StandaloneCluster cluster, Path folder, Reference reference, int executors)
      throws IOException {
    return CensusCommand.on(cluster, folder)
        .with("FFN_CENSUS_GPUS", "1")
        .with("FFN_CENSUS_DYNAMIC", "0")
        .submit(
            // All executors are there before the first task.
            "--conf", "spark.scheduler.minRegisteredResourcesRatio=1.0",
            "--conf", "spark.scheduler.maxRegisteredResourcesWaitingTime=120s",
            "--conf", "spark.cores.max=" + executors)
        .run(arguments(folder, reference));
  }

  private static String refusedAddress(CensusCommand.Result result) {
    assertThat(result.exitCode()).as(result.output()).isEqualTo(2);
    Matcher refused = REFUSED.matcher(result.output());
    assertThat(refused.find()).as(result.output()).isTrue();
    return refused.group(1);
  }

  private static String refusal(String address) {
    return "the scheduler assigned gpu:" + address + ", but";
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
