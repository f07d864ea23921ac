package io.github.ffncensus.knowledge.refinement;

import java.io.Serializable;

/**
 * Which neurons a fact keeps: those that enough of its prompts share.
 *
 * @param exact whether the ratio is meant as the decimal that it prints as, so that 9 of 10 prompts
 *     are a share of 0.9; else as the floating-point number that it is, which after some additions
 *     of 0.05 is larger
 * @param strict whether a share equal to the ratio is too small
 * @param minimum so many prompts at least
 */
public record SharingRule(boolean exact, boolean strict, int minimum) implements Serializable {
  private static final double PARTS = 1_000_000;

  /**
   * @param sharing prompts that nominate the neuron
   * @param prompts of the fact
   * @param ratio p, from 0 to 1
   */
  public boolean keeps(int sharing, int prompts, double ratio) {
    return sharing > 0 && sharing >= minimum && share(sharing, prompts, ratio);
  }

  /**
   * Whether the fact's negative prompts take the neuron away: by the same rule, but a fact may have
   * fewer negative prompts than the minimum.
   */
  public boolean removes(int sharing, int prompts, double ratio) {
    return sharing > 0 && sharing >= Math.min(minimum, prompts) && share(sharing, prompts, ratio);
  }

  private boolean share(int sharing, int prompts, double ratio) {
    if (exact) {
      long left = (long) PARTS * sharing;
      long right = Math.round(PARTS * ratio) * prompts;
      return strict ? left > right : left >= right;
    }
    return strict ? sharing > ratio * prompts : sharing >= ratio * prompts;
  }
}
