package io.github.ffncensus.knowledge.refinement;

import java.util.ArrayList;
import java.util.List;

/**
 * How many neurons the facts of a relation would keep, for every ratio: neurons of facts, counted
 * by how many prompts share them. That is all that the search for a ratio has to know.
 */
public final class SharingHistogram {
  /**
   * @param sharing prompts that nominate the neuron, s
   * @param prompts of the fact, n
   * @param negativeSharing negative prompts that nominate it
   * @param negativePrompts of the fact
   */
  public record Shares(int sharing, int prompts, int negativeSharing, int negativePrompts) {
    /** Whether the fact keeps such a neuron. */
    public boolean kept(SharingRule rule, double ratio) {
      return rule.keeps(sharing, prompts, ratio)
          && !rule.removes(negativeSharing, negativePrompts, ratio);
    }
  }

  private record Bar(Shares shares, long neurons) {}

  private final long facts;
  private final List<Bar> bars = new ArrayList<>();

  /**
   * @param facts of the relation, those without any neuron included
   */
  public SharingHistogram(long facts) {
    this.facts = facts;
  }

  public void add(Shares shares, long neurons) {
    bars.add(new Bar(shares, neurons));
  }

  public long facts() {
    return facts;
  }

  /** Mean number of neurons that a fact keeps, A(p). */
  public double meanKept(SharingRule rule, double ratio) {
    long kept = 0;
    for (Bar bar : bars) {
      kept += bar.shares().kept(rule, ratio) ? bar.neurons() : 0;
    }
    return (double) kept / facts;
  }
}
