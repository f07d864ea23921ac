package io.github.ffncensus.jobs;

import io.github.ffncensus.bench.EngineCeiling;
import io.github.ffncensus.jobs.FfnCensus.Console;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.ingest.CorpusSampler;
import io.github.ffncensus.jobs.plan.CostModel;
import io.github.ffncensus.jobs.plan.MemoryModel;
import io.github.ffncensus.jobs.plan.PlanReport;
import io.github.ffncensus.model.DeviceChoice;
import io.github.ffncensus.model.ModelFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command that says what a run would be. */
@Command(
    name = "plan",
    description = {
      "What a run would do: tokens, shards, time and bytes, estimated from a sample of the corpus; writes nothing.",
      "The time is that of the scan's forward passes, nearly all of the work."
    })
final class PlanCommand implements Callable<Integer> {
  /** Of the ceiling for large products; the rest is smaller operations and the analyses. */
  private static final double EFFICIENCY = 0.7;

  @Mixin private CommonOptions options;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "Tasks that run at the same time: GPUs, or cores of a cluster without any; default the cores of this machine.")
  private int workers = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--gflops",
      paramLabel = "RATE",
      description =
          "Sustained rate of one of them, in GFLOP/s, as `bench scan` prints it; default measured here, in a second.")
  private double gflops;

  @Option(
      names = "--sample",
      paramLabel = "DOCUMENTS",
      defaultValue = "20000",
      description = "Documents to look at, default ${DEFAULT-VALUE}.")
  private int sample;

  private final Console console;

  PlanCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    CensusConfig config = options.load();
    ModelFolder model = ModelFolder.open(Path.of(config.model().path()));
    int files = Math.max(1, Math.min(20, sample / 100));
    CorpusSampler.Estimate estimate =
        CorpusSampler.estimate(
            SparkStages.hadoopConfiguration(),
            config.corpus(),
            model,
            files,
            Math.max(1, sample / files));
    boolean measured = gflops <= 0;
    if (measured) {
      gflops =
          EFFICIENCY
              * EngineCeiling.gflops(DeviceChoice.resolve(config.model().device(), List.of()));
    }
    new PlanReport(console.out())
        .print(
            config.runId(),
            model.name(),
            model.architecture(),
            estimate,
            new CostModel(config, model.architecture(), estimate.whole()),
            new MemoryModel(config, model.architecture(), estimate.whole()),
            workers,
            gflops,
            measured
                ? "70 %% of this machine's matrix products".formatted()
                : "as given by --gflops");
    return 0;
  }
}
