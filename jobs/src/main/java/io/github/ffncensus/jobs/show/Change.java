package io.github.ffncensus.jobs.show;

import java.util.Locale;

/** Probabilities of answers before and after a change, added up. */
final class Change {
  private double before;
  private double after;
  private int prompts;

  void add(double probabilityBefore, double probabilityAfter) {
    before += probabilityBefore;
    after += probabilityAfter;
    prompts++;
  }

  /** Ratio of means, as the paper's: (after - before) / before. */
  double relative() {
    return before == 0 ? 0 : (after - before) / before;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%.3f -> %.3f (%+.1f %%)",
        before / prompts,
        after / prompts,
        100 * relative());
  }
}
