package io.github.ffncensus.interpret.values;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * How often the values of a layer agree with their strongest triggers, beside the rate that chance
 * alone would give. Parts of a layer are added up; only neurons with a target count.
 */
public final class AgreementCounts implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Map<Integer, Long> predicted = new HashMap<>();
  private final Map<Integer, Long> targets = new HashMap<>();
  private long neurons;
  private long agreements;

  /** Counts a neuron, unless it has no target. */
  public void add(ValuePrediction prediction) {
    if (prediction.targetTokenId() != null) {
      add(prediction.topTokenIds()[0], prediction.targetTokenId());
    }
  }

  /**
   * @param top the first top token of a neuron's value
   * @param target the target at its strongest trigger
   */
  public void add(int top, int target) {
    predicted.merge(top, 1L, Long::sum);
    targets.merge(target, 1L, Long::sum);
    neurons++;
    if (top == target) {
      agreements++;
    }
  }

  /** Adds another part. */
  public void add(AgreementCounts other) {
    other.predicted.forEach((token, count) -> predicted.merge(token, count, Long::sum));
    other.targets.forEach((token, count) -> targets.merge(token, count, Long::sum));
    neurons += other.neurons;
    agreements += other.agreements;
  }

  /** Neurons with a target. */
  public long neurons() {
    return neurons;
  }

  /** Share of neurons whose value's top token is the target; NaN without neurons. */
  public double rate() {
    return (double) agreements / neurons;
  }

  /**
   * The rate expected if the layer's targets were dealt out to its neurons at random, which is high
   * where both sides favour the same frequent tokens; NaN without neurons.
   */
  public double shuffledRate() {
    long pairs = 0;
    for (Map.Entry<Integer, Long> entry : predicted.entrySet()) {
      pairs += entry.getValue() * targets.getOrDefault(entry.getKey(), 0L);
    }
    return (double) pairs / neurons / neurons;
  }

  /** The rate of uniform guessing. */
  public static double uniformRate(int vocabulary) {
    return 1.0 / vocabulary;
  }
}
