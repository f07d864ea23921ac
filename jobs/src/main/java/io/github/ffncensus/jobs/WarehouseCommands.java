package io.github.ffncensus.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.FfnCensus.Console;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.run.RunVerifier;
import io.github.ffncensus.jobs.show.FactGallery;
import io.github.ffncensus.jobs.show.NeuronGallery;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The commands that only look. */
final class WarehouseCommands {

  private WarehouseCommands() {}

  private abstract static class Looking implements Callable<Integer> {

    @Mixin private CommonOptions options;
    final Console console;

    Looking(Console console) {
      this.console = console;
    }

    abstract void look(Configuration hadoop, RunFolder folder);

    static RunManifest published(Configuration hadoop, RunFolder folder) {
      return RunManifest.read(hadoop, folder)
          .orElseThrow(
              () ->
                  CensusException.runFailed(
                      "There is no run %s in %s; the command runs lists those there are"
                          .formatted(folder.runId(), folder.warehouse())));
    }

    @Override
    public Integer call() {
      CensusConfig config = options.load();
      Configuration hadoop = SparkStages.hadoopConfiguration();
      look(hadoop, RunFolder.qualified(hadoop, config.warehouse(), config.runId()));
      return 0;
    }
  }

  @Command(name = "runs", description = "The runs in the warehouse and how far they are.")
  static final class Runs extends Looking {

    private static final String ROW = "%-24s %-9s %-22s %-24s %14s %16s  %s%n";

    Runs(Console console) {
      super(console);
    }

    @Override
    void look(Configuration hadoop, RunFolder folder) {
      List<RunFolder> runs = folder.allRuns(hadoop);
      if (runs.isEmpty()) {
        console.err().printf("There are no runs in %s.%n", folder.warehouse());
        return;
      }
      console
          .out()
          .printf(ROW, "RUN", "STATUS", "STAGES", "UPDATED", "SEQUENCES", "TOKENS", "MODEL");
      runs.forEach(run -> print(hadoop, run));
    }

    private void print(Configuration hadoop, RunFolder run) {
      try {
        RunManifest.read(hadoop, run).ifPresent(manifest -> print(run.runId(), manifest.json()));
      } catch (CensusException e) {
        console.out().printf(ROW, run.runId(), "damaged", "", "", "", "", e.getMessage());
      }
    }

    private void print(String runId, JsonNode json) {
      List<String> stages =
          json.path("stages").properties().stream()
              .filter(stage -> stage.getValue().path("status").asText().equals("complete"))
              .map(java.util.Map.Entry::getKey)
              .toList();
      console
          .out()
          .printf(
              ROW,
              runId,
              json.path("status").asText(),
              String.join(",", stages),
              json.path("updated_at").asText(),
              count(json.at("/corpus/sequences")),
              count(json.at("/corpus/tokens")),
              json.at("/model/name").asText());
    }

    private static String count(JsonNode number) {
      return number.isNumber() ? "%,d".formatted(number.asLong()) : "";
    }
  }

  @Command(
      name = "verify",
      description = {
        "Checks a published run against its manifest: files, checksums, row counts, complete layers and neurons, gapless ranks.",
        "Prints every problem; exit code 0 if there is none, else 1."
      })
  static final class Verify extends Looking {

    Verify(Console console) {
      super(console);
    }

    @Override
    void look(Configuration hadoop, RunFolder folder) {
      RunManifest manifest = published(hadoop, folder);
      List<String> problems = RunVerifier.verify(hadoop, manifest);
      problems.forEach(console.out()::println);
      if (!problems.isEmpty()) {
        throw CensusException.runFailed(
            "The run %s has %d %s; run %s"
                .formatted(
                    folder.runId(),
                    problems.size(),
                    problems.size() == 1 ? "problem" : "problems",
                    manifest.status() == RunManifest.Status.COMPLETE
                        ? "--force computes it again"
                        : "continues it"));
      }
      console.out().printf("The run %s is sound: %s%n", folder.runId(), summary(manifest));
    }

    private static String summary(RunManifest manifest) {
      return String.join(
          ", ",
          manifest.tables().entrySet().stream()
              .map(
                  t ->
                      "%s %,d rows"
                          .formatted(
                              t.getKey(), t.getValue().stream().mapToLong(f -> f.rows()).sum()))
              .toList());
    }
  }

  @Command(
      name = "show",
      description = {
        "Prints neurons of a published run with their statistics and strongest prefixes, the next token in brackets.",
        "Without --neuron: those of each layer whose prefixes most plainly share something."
      })
  static final class Show extends Looking {

    @Option(
        names = "--neuron",
        paramLabel = "LAYER:NEURON",
        description = "A neuron to print; may be repeated.")
    private List<String> neurons = new ArrayList<>();

    @Option(
        names = "--prefixes",
        defaultValue = "6",
        description = "How many prefixes of each neuron; default ${DEFAULT-VALUE}.")
    private int prefixes;

    @Option(
        names = "--per-layer",
        defaultValue = "2",
        description = "How many neurons of each layer; default ${DEFAULT-VALUE}.")
    private int perLayer;

    @Option(
        names = "--facts",
        paramLabel = "COUNT",
        description =
            "Print facts instead, of different relations: their knowledge neurons, and what these do.")
    private int facts;

    @Option(
        names = "--fact",
        paramLabel = "RELATION:FACT_ID",
        description = "A fact to print; may be repeated.")
    private List<String> chosenFacts = new ArrayList<>();

    Show(Console console) {
      super(console);
    }

    @Override
    void look(Configuration hadoop, RunFolder folder) {
      if (facts > 0 || !chosenFacts.isEmpty()) {
        showFacts(new FactGallery(hadoop, folder, published(hadoop, folder)));
      } else {
        showNeurons(hadoop, folder);
      }
    }

    private void showFacts(FactGallery gallery) {
      for (String fact : chosenFacts) {
        int colon = fact.indexOf(':');
        if (colon <= 0) {
          throw CensusException.configuration(
              "--fact %s: must be a relation and a fact's id, such as capital:capital-045"
                  .formatted(fact));
        }
        gallery.print(fact.substring(0, colon), fact.substring(colon + 1), console.out());
      }
      if (facts > 0) {
        gallery.print(facts, console.out());
      }
    }

    private void showNeurons(Configuration hadoop, RunFolder folder) {
      NeuronGallery gallery =
          new NeuronGallery(hadoop, folder, published(hadoop, folder), prefixes, perLayer);
      if (neurons.isEmpty()) {
        gallery.print(console.out());
      } else {
        gallery.print(
            neurons.stream().map(Show::address).collect(Collectors.toCollection(TreeSet::new)),
            console.out());
      }
    }

    private static NeuronGallery.Address address(String text) {
      Matcher parts = Pattern.compile("(\\d{1,9}):(\\d{1,9})").matcher(text);
      if (!parts.matches()) {
        throw CensusException.configuration(
            "--neuron %s: must be a layer and a neuron, such as 2:517".formatted(text));
      }
      return new NeuronGallery.Address(
          Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)));
    }
  }
}
