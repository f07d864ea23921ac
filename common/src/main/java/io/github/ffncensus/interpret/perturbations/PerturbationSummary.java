package io.github.ffncensus.interpret.perturbations;

import java.io.Serializable;
import java.util.Arrays;

/**
 * What one removal did in one layer: a row of {@code perturbation_summary}.
 *
 * @param layer from 0
 * @param removed label of the {@link Removal}
 * @param rows perturbations that are defined
 * @param undefined those that are not; they enter no mean
 * @param meanRelativeChange NaN without rows, like the following
 * @param medianRelativeChange the middle value, or the mean of the two in the middle
 * @param meanControlChange see {@link Perturbation#controlChange}
 * @param meanAbsoluteControlChange of its absolute values
 */
public record PerturbationSummary(
    int layer,
    String removed,
    long rows,
    long undefined,
    double meanRelativeChange,
    double medianRelativeChange,
    double meanControlChange,
    double meanAbsoluteControlChange)
    implements Serializable {

  /** Takes in the rows of one removal in one layer. */
  public static final class Sums {
    private double[] relativeChanges = new double[64];
    private int rows;
    private double relative;
    private double control;
    private double absoluteControl;

    /**
     * @param relativeChange see {@link Perturbation#relativeChange}
     * @param controlChange see {@link Perturbation#controlChange}
     */
    public void add(double relativeChange, double controlChange) {
      if (rows == relativeChanges.length) {
        relativeChanges = Arrays.copyOf(relativeChanges, 2 * rows);
      }
      relativeChanges[rows++] = relativeChange;
      relative += relativeChange;
      control += controlChange;
      absoluteControl += Math.abs(controlChange);
    }

    /**
     * @param winners all that were perturbed so, defined or not
     */
    public PerturbationSummary summary(int layer, Removal removal, long winners) {
      return new PerturbationSummary(
          layer,
          removal.label(),
          rows,
          winners - rows,
          relative / rows,
          median(),
          control / rows,
          absoluteControl / rows);
    }

    private double median() {
      if (rows == 0) {
        return Double.NaN;
      }
      double[] sorted = Arrays.copyOf(relativeChanges, rows);
      Arrays.sort(sorted);
      return (sorted[(rows - 1) / 2] + sorted[rows / 2]) / 2;
    }
  }
}
