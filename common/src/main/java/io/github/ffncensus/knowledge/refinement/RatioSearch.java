package io.github.ffncensus.knowledge.refinement;

import java.io.Serializable;

/**
 * Finds the sharing ratio of a relation, with which its facts keep a few neurons each.
 *
 * @param start p to begin with, or to use as it is
 * @param step between neighbouring ratios
 * @param lowest smallest ratio of the grid
 * @param highest largest ratio of the grid
 * @param rounds most refinements in a row
 * @param fewest mean number of neurons per fact that is aimed at, lower end
 * @param most the upper end
 */
public record RatioSearch(
    Mode mode,
    double start,
    double step,
    double lowest,
    double highest,
    int rounds,
    double fewest,
    double most)
    implements Serializable {

  /** How the ratio is found. */
  public enum Mode {
    /** It is the start. */
    FIXED,
    /** The ratio of the grid in the band that is nearest to the start. */
    GRID,
    /** As the authors' code does: step after step from the start, for so many rounds at most. */
    ROUNDS
  }

  private static final double PARTS = 1_000_000;

  /**
   * What was found.
   *
   * @param ratio p
   * @param meanNeurons A(p), mean number of neurons that a fact keeps
   * @param inBand whether that lies within what is aimed at
   */
  public record Found(double ratio, double meanNeurons, boolean inBand) {}

  public Found find(SharingHistogram relation, SharingRule rule) {
    return switch (mode) {
      case FIXED -> found(start, relation.meanKept(rule, start));
      case GRID -> onGrid(relation, rule);
      case ROUNDS -> inRounds(relation, rule);
    };
  }

  private Found found(double ratio, double mean) {
    return new Found(ratio, mean, mean >= fewest && mean <= most);
  }

  /**
   * Sums drift, and are meant to: 0.7 + 0.05 + ... passes 0.9 at 0.9000000000000001. The last
   * round's ratio counts, also where another round would have changed it.
   */
  private Found inRounds(SharingHistogram relation, SharingRule rule) {
    double ratio = start;
    Found last = null;
    for (int round = 0; round < rounds; round++) {
      last = found(ratio, relation.meanKept(rule, ratio));
      if (last.inBand()) {
        return last;
      }
      ratio = last.meanNeurons() < fewest ? ratio - step : ratio + step;
    }
    return last;
  }

  /** Of ratios outside the band, those nearest to it; of equally near ones the larger. */
  private Found onGrid(SharingHistogram relation, SharingRule rule) {
    long first = Math.round(PARTS * start);
    long width = Math.round(PARTS * step);
    long down = Math.max(0, (first - Math.round(PARTS * lowest)) / width);
    long up = Math.max(0, (Math.round(PARTS * highest) - first) / width);
    Found best = null;
    double bestDistance = 0;
    for (long k = up; k >= -down; k--) {
      double ratio = (first + k * width) / PARTS;
      Found candidate = found(ratio, relation.meanKept(rule, ratio));
      double distance = outside(candidate.meanNeurons());
      if (best == null
          || distance < bestDistance
          || distance == bestDistance && nearer(candidate, best)) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
  }

  private double outside(double mean) {
    return Math.max(0, Math.max(fewest - mean, mean - most));
  }

  private boolean nearer(Found candidate, Found best) {
    return distance(candidate) < distance(best);
  }

  /** In whole parts, or rounding would decide between two equally near ones. */
  private long distance(Found found) {
    return Math.abs(Math.round(PARTS * found.ratio()) - Math.round(PARTS * start));
  }
}
