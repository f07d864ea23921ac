package io.github.ffncensus.jobs.show;

import io.github.ffncensus.jobs.show.FactExhibit.Operation;
import io.github.ffncensus.jobs.show.FactExhibit.Target;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** What operations on neurons do to many facts, so that single ones can be told from the rule. */
final class FactEffects {
  private final List<FactExhibit> facts;

  /**
   * @param facts at least one
   */
  FactEffects(List<FactExhibit> facts) {
    this.facts = facts;
  }

  /** A line for each operation that was tried. */
  void print(PrintStream out) {
    facts.stream()
        .flatMap(fact -> fact.operations().stream())
        .distinct()
        .sorted(Comparator.comparingDouble(Operation::factor))
        .forEach(
            operation ->
                out.printf(
                    "%s: a fact's own neurons %s; as many random ones %s.%n",
                    operation,
                    over(operation, Target.OWN),
                    over(operation, Target.RANDOM_NEURONS)));
  }

  private String over(Operation operation, Target target) {
    double[] effects =
        facts.stream()
            .map(fact -> fact.effect(operation, target))
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    if (effects.length == 0) {
      return "were not tried";
    }
    boolean down = operation.factor() < 1;
    long there = Arrays.stream(effects).filter(effect -> down ? effect < 0 : effect > 0).count();
    int half = effects.length / 2;
    double median =
        effects.length % 2 == 1 ? effects[half] : (effects[half - 1] + effects[half]) / 2;
    return String.format(
        Locale.ROOT,
        "%s the answer's probability in %.0f %% of %,d facts, %+.1f %% in the median",
        down ? "lower" : "raise",
        100.0 * there / effects.length,
        effects.length,
        100 * median);
  }
}
