package io.github.ffncensus.knowledge.refinement;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Which neurons a single prompt nominates: those whose score reaches the prompt's threshold.
 *
 * @param value a fraction of the maximum, a score, or a percentile from 0 to 100
 * @param strict whether a score equal to the threshold is too small
 */
public record CoarseRule(Kind kind, double value, boolean strict) implements Serializable {
  /** What the threshold is a function of. */
  public enum Kind {
    /** The largest score of the prompt, all layers together. */
    MAX_FRACTION,
    /** Nothing. */
    ABSOLUTE,
    /** All scores of the prompt. */
    PERCENTILE
  }

  /** Whether the threshold needs all scores rather than the largest. */
  public boolean needsAll() {
    return kind == Kind.PERCENTILE;
  }

  /**
   * The threshold of a prompt; NaN, which no score reaches, for a fraction of a maximum that is not
   * positive: it would admit everything.
   *
   * @param max largest score of the prompt
   * @param scores all scores of the prompt, in any order; may be null unless {@link #needsAll}. Not
   *     changed.
   */
  public double threshold(double max, float[] scores) {
    return switch (kind) {
      case MAX_FRACTION -> max > 0 ? value * max : Double.NaN;
      case ABSOLUTE -> value;
      case PERCENTILE -> percentile(scores);
    };
  }

  public boolean reaches(double score, double threshold) {
    return strict ? score > threshold : score >= threshold;
  }

  /** With linear interpolation between neighbours, as numpy does by default. */
  private double percentile(float[] scores) {
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    double place = value / 100 * (sorted.length - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(below + 1, sorted.length - 1);
    double lower = sorted[below];
    return lower + (place - below) * (sorted[above] - lower);
  }
}
