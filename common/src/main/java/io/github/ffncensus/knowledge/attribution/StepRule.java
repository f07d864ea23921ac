package io.github.ffncensus.knowledge.attribution;

import java.util.stream.IntStream;

/**
 * At which points of the path from 0 to 1 gradients are taken. Each of the m points has weight 1/m.
 */
public enum StepRule {
  /** k / m: has 0, not 1 (the authors' code). */
  LEFT {
    @Override
    double alpha(int k, int steps) {
      return (double) k / steps;
    }
  },
  /** (k + 1) / m: has 1, not 0 (the paper's formula). */
  RIGHT {
    @Override
    double alpha(int k, int steps) {
      return (k + 1.0) / steps;
    }
  },
  /** k / (m - 1): has both ends, each at full weight (the EleutherAI code). */
  LINSPACE {
    @Override
    double alpha(int k, int steps) {
      return (double) k / (steps - 1);
    }
  },
  /** (k + 1/2) / m: of second order. */
  MIDPOINT {
    @Override
    double alpha(int k, int steps) {
      return (k + 0.5) / steps;
    }
  };

  abstract double alpha(int k, int steps);

  /** Fewest steps that the rule can take. */
  public int fewestSteps() {
    return this == LINSPACE ? 2 : 1;
  }

  /**
   * All points, ascending.
   *
   * @param steps m
   */
  public double[] alphas(int steps) {
    if (steps < fewestSteps()) {
      throw new IllegalArgumentException(
          this + " needs at least " + fewestSteps() + " steps, not " + steps);
    }
    return IntStream.range(0, steps).mapToDouble(k -> alpha(k, steps)).toArray();
  }
}
