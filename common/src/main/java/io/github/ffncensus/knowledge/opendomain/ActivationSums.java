package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.analysis.Packed;
import java.util.Arrays;

/** Moments and range of the coefficients of a fact's neurons over some texts of one class. */
public final class ActivationSums {
  private long count;
  private final double[] mean;
  private final double[] squares;
  private final double[] min;
  private final double[] max;

  ActivationSums(int neurons) {
    mean = new double[neurons];
    squares = new double[neurons];
    min = new double[neurons];
    max = new double[neurons];
    Arrays.fill(min, Double.POSITIVE_INFINITY);
    Arrays.fill(max, Double.NEGATIVE_INFINITY);
  }

  /** Adds a text (Welford's update). */
  void add(double[] values) {
    count++;
    for (int i = 0; i < mean.length; i++) {
      double distance = values[i] - mean[i];
      mean[i] += distance / count;
      squares[i] += distance * (values[i] - mean[i]);
      min[i] = Math.min(min[i], values[i]);
      max[i] = Math.max(max[i], values[i]);
    }
  }

  /** The sums of both; these stay as they are. */
  ActivationSums merge(ActivationSums other) {
    if (count == 0 || other.count == 0) {
      return count == 0 ? other : this;
    }
    ActivationSums merged = new ActivationSums(mean.length);
    merged.count = count + other.count;
    double n = merged.count;
    for (int i = 0; i < mean.length; i++) {
      double distance = other.mean[i] - mean[i];
      merged.mean[i] = mean[i] + distance * other.count / n;
      merged.squares[i] =
          squares[i] + other.squares[i] + distance * distance * count * other.count / n;
      merged.min[i] = Math.min(min[i], other.min[i]);
      merged.max[i] = Math.max(max[i], other.max[i]);
    }
    return merged;
  }

  /** Number of texts. */
  public long count() {
    return count;
  }

  public double mean(int neuron) {
    return mean[neuron];
  }

  /** Of the population. */
  public double stddev(int neuron) {
    return Math.sqrt(squares[neuron] / count);
  }

  public double min(int neuron) {
    return min[neuron];
  }

  public double max(int neuron) {
    return max[neuron];
  }

  void write(Packed out) {
    out.putVarLong(count);
    for (int i = 0; i < mean.length; i++) {
      out.putDouble(mean[i]).putDouble(squares[i]).putDouble(min[i]).putDouble(max[i]);
    }
  }

  static ActivationSums read(Packed.Reader in, int neurons) {
    ActivationSums sums = new ActivationSums(neurons);
    sums.count = in.varLong();
    for (int i = 0; i < neurons; i++) {
      sums.mean[i] = in.getDouble();
      sums.squares[i] = in.getDouble();
      sums.min[i] = in.getDouble();
      sums.max[i] = in.getDouble();
    }
    return sums;
  }
}
