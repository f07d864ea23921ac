package io.github.ffncensus.interpret.values;

import java.util.Arrays;

/**
 * A neuron's positive triggers as far as its value is concerned.
 *
 * @param meanCoefficient mean over the triggers; NaN without any
 * @param targets in rank order, the token that the model is to predict at each trigger: the next
 *     one for a causal model, the trigger's own for a masked model; {@link #NO_TARGET} where there
 *     is none
 */
public record NeuronTriggers(double meanCoefficient, int[] targets) {
  public static final int NO_TARGET = -1;

  /** Of a neuron that nothing triggers. */
  public static final NeuronTriggers NONE = of(new float[0], new int[0]);

  /** Triggers in rank order. */
  public static NeuronTriggers of(float[] coefficients, int[] targets) {
    double sum = 0;
    for (float coefficient : coefficients) {
      sum += coefficient;
    }
    return new NeuronTriggers(sum / coefficients.length, targets);
  }

  /** The target of the strongest trigger, which may be {@link #NO_TARGET}. */
  int first() {
    return targets.length == 0 ? NO_TARGET : targets[0];
  }

  int countOf(int token) {
    return (int) Arrays.stream(targets).filter(target -> target == token).count();
  }

  int count() {
    return targets.length - countOf(NO_TARGET);
  }

  /** The mean coefficient, or null without triggers. */
  Double meanOrNull() {
    return targets.length == 0 ? null : meanCoefficient;
  }
}
