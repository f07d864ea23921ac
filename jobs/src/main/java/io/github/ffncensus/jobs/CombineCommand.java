package io.github.ffncensus.jobs;

import io.github.ffncensus.jobs.FfnCensus.Console;
import io.github.ffncensus.jobs.combine.Parents;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.run.ModelIdentity;
import io.github.ffncensus.jobs.run.RunFolder;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command that makes one run of several. */
@Command(
    name = "combine",
    description = {
      "Makes a run of earlier runs of the same model over different documents: the ingest and scan of all their documents,"
          + " from their tables alone; no token goes through the model again.",
      "The configuration is that of the runs; interpret and kn-stats then read the combined run as any other."
    })
final class CombineCommand implements Callable<Integer> {

  @Mixin private CommonOptions options;

  @Option(
      names = "--runs",
      paramLabel = "RUN,RUN",
      required = true,
      split = ",",
      description = "The runs, in the order in which their sequences are to follow each other.")
  private List<String> runs;

  @Option(
      names = "--as",
      paramLabel = "RUN",
      required = true,
      description = "Id of the combined run.")
  private String combined;

  @Option(names = "--force", description = "Combine again, and replace what is there.")
  private boolean force;

  private final Console console;

  CombineCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    CensusConfig config = options.loadWith("run-id=" + combined);
    Configuration hadoop = SparkStages.hadoopConfiguration();
    RunFolder target = RunFolder.qualified(hadoop, config.warehouse(), config.runId());
    Parents parents = new Parents(hadoop, target, runs);
    Pipeline pipeline =
        new Pipeline(
            config,
            hadoop,
            (folder, model) ->
                new CombineStages(config, folder, model, parents, console.progress()),
            console.err());
    pipeline.run(
        List.of(Stage.INGEST, Stage.SCAN),
        force,
        model -> parents.identity(config, ModelIdentity.of(model)));
    return 0;
  }
}
