package io.github.ffncensus.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.FfnCensus.Console;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.run.AtomicFile;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.run.RunVerifier;
import io.github.ffncensus.jobs.run.SkippedShard;
import io.github.ffncensus.jobs.show.Address;
import io.github.ffncensus.jobs.show.AnnotationSheet;
import io.github.ffncensus.jobs.show.FactGallery;
import io.github.ffncensus.jobs.show.FindingsList;
import io.github.ffncensus.jobs.show.HtmlReport;
import io.github.ffncensus.jobs.show.NeuronGallery;
import io.github.ffncensus.jobs.show.PublishedTables;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
      String skipped = SkippedShard.summary(manifest.json());
      if (!skipped.isEmpty()) {
        console.out().printf("It was made without: %s%n", skipped);
      }
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
      name = "findings",
      description =
          "Prints what Geva et al. 2021 and Dai et al. 2022 report beside this run's numbers: the tables"
              + " key_value_findings and knowledge_neuron_findings, a line per claim.")
  static final class Findings extends Looking {

    @Option(
        names = "--details",
        description = "Says of each line what it counts, over what, and why a number is missing.")
    private boolean details;

    Findings(Console console) {
      super(console);
    }

    @Override
    void look(Configuration hadoop, RunFolder folder) {
      new FindingsList(PublishedTables.of(hadoop, published(hadoop, folder)))
          .print(details, console.out());
    }
  }

  @Command(
      name = "report",
      description = {
        "Writes a page about a published run, one HTML file: the papers' findings beside this run's, with charts by layer,"
            + " neurons, facts and tables.",
        "Beside the run's manifest in the warehouse, as report.html, unless --output names a local file."
      })
  static final class Report extends Looking {

    @Option(
        names = "--output",
        paramLabel = "FILE",
        description = "A local file to write instead; one that is there is replaced.")
    private Path output;

    @Option(
        names = "--per-layer",
        paramLabel = "N",
        defaultValue = "3",
        description = "How many neurons of each layer; default ${DEFAULT-VALUE}.")
    private int perLayer;

    @Option(
        names = "--facts",
        paramLabel = "COUNT",
        defaultValue = "6",
        description = "How many facts, of different relations; default ${DEFAULT-VALUE}.")
    private int facts;

    Report(Console console) {
      super(console);
    }

    @Override
    void look(Configuration hadoop, RunFolder folder) {
      String html = HtmlReport.of(hadoop, published(hadoop, folder)).html(perLayer, facts);
      var file =
          output == null
              ? folder.report()
              : new org.apache.hadoop.fs.Path(output.toAbsolutePath().toUri());
      try {
        new AtomicFile(hadoop, file).write(html.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw CensusException.runFailed(
            "%s: cannot be written: %s; --output names another place"
                .formatted(file, e.getMessage()),
            e);
      }
      console.out().println(file.toString().replaceFirst("^file:(//)?", ""));
    }
  }

  @Command(
      name = "show",
      description = {
        "Prints neurons of a published run: what their strongest prefixes share, what their values promote, what changes"
            + " without a token, and the prefixes, the next token in brackets.",
        "Without --neuron and --random: those of each layer that are clearest examples of something."
      })
  static final class Show extends Looking {

    private static final int PRINTED = 4;
    private static final int ANNOTATED = 25;

    @Option(
        names = "--neuron",
        paramLabel = "LAYER:NEURON",
        description = "A neuron to print; may be repeated.")
    private List<String> neurons = new ArrayList<>();

    @Option(
        names = "--random",
        paramLabel = "N",
        description = "N random neurons of each layer, the same every time.")
    private int random;

    @Option(
        names = "--prefixes",
        paramLabel = "N",
        description = "How many prefixes of each neuron; default 4, with --annotate 25.")
    private Integer prefixes;

    @Option(
        names = "--per-layer",
        paramLabel = "N",
        defaultValue = "3",
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

    @Option(
        names = "--annotate",
        paramLabel = "FILE",
        description =
            "Writes the prefixes to a file for people to annotate, tab-separated, with empty columns for the patterns of"
                + " each prefix and its label (shallow, semantic, both or none); 10 random neurons of each layer unless"
                + " others are named. Prints nothing else.")
    private Path annotate;

    Show(Console console) {
      super(console);
    }

    @Override
    void look(Configuration hadoop, RunFolder folder) {
      PublishedTables tables = PublishedTables.of(hadoop, published(hadoop, folder));
      if (facts > 0 || !chosenFacts.isEmpty()) {
        showFacts(new FactGallery(tables));
      } else {
        showNeurons(tables);
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

    private void showNeurons(PublishedTables tables) {
      Set<Address> chosen =
          neurons.stream().map(Show::address).collect(Collectors.toCollection(TreeSet::new));
      if (chosen.isEmpty() && (random > 0 || annotate != null)) {
        chosen = AnnotationSheet.random(tables, random > 0 ? random : 10, 1);
      }
      if (annotate != null) {
        int rows =
            new AnnotationSheet(tables, prefixes == null ? ANNOTATED : prefixes)
                .write(chosen, annotate);
        console.err().printf("%,d prefixes of %,d neurons in %s%n", rows, chosen.size(), annotate);
        return;
      }
      NeuronGallery gallery = new NeuronGallery(tables, prefixes == null ? PRINTED : prefixes);
      if (!chosen.isEmpty()) {
        gallery.print(chosen, console.out());
      } else {
        tables.require("trigger_patterns", "interpret; --neuron and --random do without it");
        gallery.print(perLayer, console.out());
      }
    }

    private static Address address(String text) {
      Matcher parts = Pattern.compile("(\\d{1,9}):(\\d{1,9})").matcher(text);
      if (!parts.matches()) {
        throw CensusException.configuration(
            "--neuron %s: must be a layer and a neuron, such as 2:517".formatted(text));
      }
      return new Address(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)));
    }
  }
}
