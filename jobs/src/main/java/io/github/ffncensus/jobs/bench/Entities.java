package io.github.ffncensus.jobs.bench;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.bench.EntityBenchmark;
import io.github.ffncensus.bench.EntityBenchmark.Line;
import io.github.ffncensus.bench.EntityBenchmark.Material;
import io.github.ffncensus.text.entity.MatchRules;
import io.github.ffncensus.text.entity.MatchRules.Boundary;
import io.github.ffncensus.text.entity.MatchRules.LetterCase;
import io.github.ffncensus.text.entity.MatchRules.Overlaps;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench entities}. */
@Command(
    name = "entities",
    description =
        "How fast the names of all facts at once are found in sentences, on one core: in generated text,"
            + " or in files of facts and text.",
    mixinStandardHelpOptions = true)
final class Entities implements Callable<Integer> {
  private static final List<MatchRules> RULES =
      List.of(
          new MatchRules(LetterCase.SENSITIVE, Boundary.UNICODE, Overlaps.LONGEST),
          new MatchRules(LetterCase.INSENSITIVE, Boundary.UNICODE, Overlaps.LONGEST),
          new MatchRules(LetterCase.SENSITIVE, Boundary.ASCII_LETTERS, Overlaps.ALL));

  @Option(names = "--facts", description = "JSON lines with head and answer, perhaps .gz.")
  private Path facts;

  @Option(names = "--corpus", description = "JSON lines with text, perhaps .gz.")
  private Path corpus;

  @Option(
      names = "--names",
      defaultValue = "30000",
      description = "Generated names; default ${DEFAULT-VALUE}.")
  private int names;

  @Option(
      names = "--sentences",
      defaultValue = "267614",
      description = "Generated sentences; default ${DEFAULT-VALUE}.")
  private int sentences;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Searches of which the fastest counts; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Override
  public Integer call() {
    if ((facts == null) != (corpus == null)) {
      throw CensusException.configuration("--facts and --corpus belong together");
    }
    Material material =
        facts == null ? Material.generated(names, sentences) : Material.read(facts, corpus);
    System.out.printf(
        "%,d names, %,d sentences, %,d characters; processor time of one core%n",
        material.names().size(),
        material.sentences().size(),
        material.sentences().stream().mapToLong(String::length).sum());
    System.out.printf(
        "%-40s %8s %8s %14s %12s%n", "", "build s", "search s", "sentences/s", "names found");
    for (Line line : EntityBenchmark.run(material, RULES, rounds)) {
      System.out.printf(
          "%-40s %8.2f %8.2f %,14.0f %,12d%n",
          label(line.rules()),
          line.buildSeconds(),
          line.seconds(),
          material.sentences().size() / line.seconds(),
          line.matches());
    }
    return 0;
  }

  private static String label(MatchRules rules) {
    return "%s, %s, %s"
        .formatted(rules.letterCase(), rules.boundary(), rules.overlaps())
        .toLowerCase(Locale.ROOT)
        .replace('_', ' ');
  }
}
