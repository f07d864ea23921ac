package io.github.ffncensus.jobs;

import io.github.ffncensus.jobs.FfnCensus.Console;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.task.SkipList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The commands that make tables. */
final class ComputingCommands {

  private ComputingCommands() {}

  private abstract static class Computing implements Callable<Integer> {

    @Mixin private CommonOptions options;
    @Spec private CommandSpec spec;

    @Option(
        names = "--force",
        description =
            "Compute again what is complete already, and replace it; also with another configuration.")
    private boolean force;

    @Option(
        names = "--skip-shards",
        paramLabel = "N,...",
        split = ",",
        description =
            "Do without shards that fail, as the message of the failed run numbers them; the manifest says so.")
    private List<String> skippedShards = List.of();

    private final Console console;
    private final List<Stage> stages;

    /**
     * @param stages none for those of the configuration
     */
    Computing(Console console, Stage... stages) {
      this.console = console;
      this.stages = List.of(stages);
    }

    @Override
    public Integer call() {
      CensusConfig config = options.load();
      List<Stage> wanted = stages.isEmpty() ? config.stages() : stages;
      SkipList skips = SkipList.parse(skippedShards, wanted);
      Pipeline pipeline =
          new Pipeline(
              config,
              SparkStages.hadoopConfiguration(),
              (folder, model) ->
                  new SparkStages(spec.name(), config, folder, model, skips, console.progress()),
              console.err());
      pipeline.run(wanted, force);
      return 0;
    }
  }

  @Command(
      name = "run",
      description = "The whole pipeline as configured; stages that are complete are not run again.")
  static final class Run extends Computing {

    Run(Console console) {
      super(console);
    }
  }

  @Command(
      name = "ingest",
      description =
          "Reads the corpus, cuts it into tokenized sequences and packs them into shards: sequences, rejects.")
  static final class Ingest extends Computing {

    Ingest(Console console) {
      super(console, Stage.INGEST);
    }
  }

  @Command(
      name = "scan",
      description = {
        "Reads the ingested sequences with the model: neuron_stats, trigger_prefixes, activations.",
        "Needs a complete ingest."
      })
  static final class Scan extends Computing {

    Scan(Console console) {
      super(console, Stage.SCAN);
    }
  }

  @Command(
      name = "interpret",
      description = {
        "Looks again at what the scan found: what the triggers and values of the neurons mean.",
        "Needs a complete scan."
      })
  static final class Interpret extends Computing {

    Interpret(Console console) {
      super(console, Stage.INTERPRET);
    }
  }

  @Command(
      name = "attribute",
      description = {
        "Finds the neurons that express facts: integrated gradients of their prompts' answers, refined to knowledge neurons.",
        "Needs census.facts.input, and no corpus."
      })
  static final class Attribute extends Computing {

    Attribute(Console console) {
      super(console, Stage.ATTRIBUTE);
    }
  }

  @Command(
      name = "kn-stats",
      description = {
        "Reads in the ingested corpus how knowledge neurons behave where text expresses their fact, and where it does not.",
        "Needs a complete ingest and a complete attribute."
      })
  static final class KnStats extends Computing {

    KnStats(Console console) {
      super(console, Stage.KN_STATS);
    }
  }

  @Command(
      name = "intervene",
      description = {
        "Suppresses and amplifies knowledge neurons and reads the answers of their own and of other facts again.",
        "Needs a complete attribute."
      })
  static final class Intervene extends Computing {

    Intervene(Console console) {
      super(console, Stage.INTERVENE);
    }
  }

  @Command(
      name = "edit",
      description = {
        "Updates facts and erases relations by editing value vectors, in memory, and measures what else changes.",
        "Needs a complete attribute."
      })
  static final class Edit extends Computing {

    Edit(Console console) {
      super(console, Stage.EDIT);
    }
  }
}
