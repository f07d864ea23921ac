package io.github.ffncensus.jobs.show;

import io.github.ffncensus.table.TableRow;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A row of {@code trigger_patterns} in words.
 *
 * @param ranks of the triggers that have it
 */
record ShownPattern(
    String patternClass,
    String kind,
    String pattern,
    int support,
    int prefixes,
    double backgroundRate,
    double score,
    List<Integer> ranks) {
  static final String[] COLUMNS = {
    "layer",
    "neuron",
    "kind",
    "pattern",
    "support",
    "prefixes",
    "background_rate",
    "score",
    "polarity",
    "class",
    "counted",
    "ranks"
  };

  /** Kinds in the order in which they are easy to grasp. */
  private static final List<String> PLAINNESS =
      List.of(
          "suffix_ngram",
          "last_token",
          "ngram",
          "topic",
          "shape",
          "last_stem",
          "document",
          "skip_pair",
          "next_token");

  static final Comparator<ShownPattern> PLAINEST_FIRST =
      Comparator.<ShownPattern>comparingInt(pattern -> PLAINNESS.indexOf(pattern.kind()))
          .thenComparing(ShownPattern::score, Comparator.reverseOrder());

  static ShownPattern of(TableRow row) {
    return new ShownPattern(
        row.getString("class"),
        row.getString("kind"),
        row.getString("pattern"),
        row.getInt("support"),
        row.getInt("prefixes"),
        row.getDouble("background_rate"),
        row.getDouble("score"),
        Arrays.stream(row.getIntList("ranks")).boxed().toList());
  }

  /** Whether it is one of what follows the prefixes. */
  boolean isOutput() {
    return patternClass.equals("output");
  }

  /** Whether it is a pair of words with others between them. */
  boolean isPair() {
    return kind.equals("skip_pair");
  }

  @Override
  public String toString() {
    return "%d of %d distinct ones %s (%s)".formatted(support, prefixes, predicate(), atLarge());
  }

  /** How often any prefix has it. */
  private String atLarge() {
    double percent = 100 * backgroundRate;
    return percent < 0.1
        ? "fewer than 1 in 1,000 do"
        : String.format(
            Locale.ROOT, percent < 10 ? "%.1f %% of all do" : "%.0f %% of all do", percent);
  }

  private String predicate() {
    return switch (kind) {
      case "last_token", "suffix_ngram" -> "end in \"%s\"".formatted(pattern);
      case "last_stem" -> "end in a form of \"%s\"".formatted(pattern);
      case "ngram" -> "have \"%s\" near the end".formatted(pattern);
      case "skip_pair" -> "have \"%s\" near the end".formatted(pattern.replace(" _ ", " ... "));
      case "shape" ->
          switch (pattern) {
            case "quote_open" -> "end within a quotation";
            case "bracket_open" -> "end within brackets";
            case "name" -> "end in a capitalized word";
            default -> "end in a " + pattern;
          };
      case "topic" -> "mention \"%s\" before".formatted(pattern);
      case "document" -> "come from document %s".formatted(pattern);
      case "next_token" -> "come before \"%s\"".formatted(pattern);
      default -> "have %s %s".formatted(kind, pattern);
    };
  }
}
