package io.github.ffncensus.jobs.interpret.patterns;

import io.github.ffncensus.jobs.scan.TriggerFiles;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.TableFile;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * The tables of this part: a sample of the corpus' prefixes, then a task per file of triggers that
 * compares them with it, then the sums by layer.
 */
public final class PatternTables {
  public static final String PATTERNS = "trigger_patterns";
  public static final String SCORES = "trigger_pattern_scores";
  public static final String SUMMARY = "pattern_summary";
  static final String BACKGROUND = "background_prefixes";

  private PatternTables() {}

  /** Needs {@code trigger_prefixes}. */
  public static void write(StageContext context) {
    context.step("background", () -> BackgroundTable.write(context));
    List<FindPatterns.Files> found =
        context.tasks(
            TriggerFiles.work(
                "patterns",
                TriggerFiles.of(
                    context.model().architecture(), context.published("trigger_prefixes"))),
            new FindPatterns(
                context.setup(),
                context.made().get(BACKGROUND).get(0).name(),
                context.model().architecture().causal()),
            FindPatterns.Files.class);
    context.made(PATTERNS, files(found, FindPatterns.Files::patterns));
    context.made(SCORES, files(found, FindPatterns.Files::scores));
    context.step("pattern-summary", () -> SummaryTable.write(context));
  }

  private static List<TableFile> files(
      List<FindPatterns.Files> found, Function<FindPatterns.Files, TableFile> ofTable) {
    return found.stream().map(ofTable).filter(Objects::nonNull).toList();
  }
}
