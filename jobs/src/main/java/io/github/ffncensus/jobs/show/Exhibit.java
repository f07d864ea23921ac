package io.github.ffncensus.jobs.show;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What the tables say of one neuron, as far as they are there. */
final class Exhibit {
  /** Patterns of the input that are printed, each of other prefixes than those before it. */
  private static final int MOST_PATTERNS = 4;

  /** Prefixes that a pair of words has beyond the patterns before it, to be worth a line. */
  private static final int NEWS = 3;

  private final Selection.Choice choice;
  private final List<Line> lines = new ArrayList<>();
  private final List<ShownPattern> patterns = new ArrayList<>();
  private final Map<String, Change> changes = new LinkedHashMap<>();
  private String activity;
  private String value;

  /**
   * @param choice why the neuron was chosen; null if it was asked for
   */
  Exhibit(Selection.Choice choice) {
    this.choice = choice;
  }

  /** What it is an example of; null if it was asked for. */
  String description() {
    return choice == null ? null : choice.description();
  }

  /**
   * One trigger prefix.
   *
   * @param nextToken null at the end of a sequence
   */
  record Line(int rank, float coefficient, String prefix, String nextToken) {}

  /** Relative changes of a neuron's triggers, summed up. */
  private static final class Change {
    private double sum;
    private int rows;
  }

  void add(Line line) {
    lines.add(line);
  }

  void add(ShownPattern pattern) {
    patterns.add(pattern);
  }

  void addChange(String removed, double relativeChange) {
    Change change = changes.computeIfAbsent(removed, first -> new Change());
    change.sum += relativeChange;
    change.rows++;
  }

  void activity(String text) {
    activity = text;
  }

  void value(String text) {
    value = text;
  }

  /** How often it is active; null if the run has no statistics. */
  String activity() {
    return activity;
  }

  /** What its value promotes; null if the run has no predictions. */
  String value() {
    return value;
  }

  /**
   * The strongest prefixes, repeated ones left out; one of them has the first pattern, if any has.
   */
  List<Line> lines(int most) {
    Map<String, Line> distinct = new LinkedHashMap<>();
    lines.forEach(line -> distinct.putIfAbsent(line.prefix().toLowerCase(Locale.ROOT), line));
    List<Line> shown = new ArrayList<>(distinct.values().stream().limit(most).toList());
    List<ShownPattern> found = patterns();
    if (!shown.isEmpty() && !found.isEmpty()) {
      List<Integer> ranks = found.get(0).ranks();
      if (shown.stream().noneMatch(line -> ranks.contains(line.rank()))) {
        distinct.values().stream()
            .filter(line -> ranks.contains(line.rank()))
            .findFirst()
            .ifPresent(line -> shown.set(shown.size() - 1, line));
      }
    }
    return shown;
  }

  /**
   * The pattern that it was chosen for, the clearest ones of the input, and the clearest of what
   * follows. Of patterns that the same prefixes have, one; pairs of words only where they are news.
   */
  List<ShownPattern> patterns() {
    Map<List<Integer>, ShownPattern> byPrefixes = new LinkedHashMap<>();
    if (choice != null && choice.pattern() != null) {
      byPrefixes.put(choice.pattern().ranks(), choice.pattern());
    }
    for (ShownPattern pattern : patterns) {
      if (!pattern.isOutput()) {
        byPrefixes.merge(pattern.ranks(), pattern, this::plainer);
      }
    }
    List<ShownPattern> shown = new ArrayList<>();
    Set<Integer> covered = new HashSet<>();
    for (ShownPattern pattern : byPrefixes.values()) {
      long news = pattern.ranks().stream().filter(rank -> !covered.contains(rank)).count();
      if (shown.size() < MOST_PATTERNS && (!pattern.isPair() || news >= NEWS)) {
        shown.add(pattern);
        covered.addAll(pattern.ranks());
      }
    }
    patterns.stream().filter(ShownPattern::isOutput).findFirst().ifPresent(shown::add);
    return shown;
  }

  private ShownPattern plainer(ShownPattern a, ShownPattern b) {
    boolean keep =
        (choice != null && a == choice.pattern()) || ShownPattern.PLAINEST_FIRST.compare(a, b) <= 0;
    return keep ? a : b;
  }

  /** Mean changes without a token; null if this neuron's triggers were not perturbed. */
  String perturbation() {
    if (changes.isEmpty()) {
      return null;
    }
    List<String> parts = new ArrayList<>();
    List<String> ofEach = new ArrayList<>();
    for (String removed : List.of("last", "first", "random")) {
      Change change = changes.get(removed);
      if (change != null) {
        ofEach.add(String.valueOf(change.rows));
        parts.add(
            String.format(
                Locale.ROOT,
                "%s %+.0f %%",
                removed.equals("random") ? "one in between" : "the " + removed + " token",
                100 * change.sum / change.rows));
      }
    }
    // A prefix may be too short for one of the removals.
    boolean same = ofEach.stream().distinct().count() == 1;
    String counts = same ? ofEach.get(0) : String.join(", ", ofEach);
    return "%s (mean change of %s triggers)".formatted(String.join(", ", parts), counts);
  }
}
