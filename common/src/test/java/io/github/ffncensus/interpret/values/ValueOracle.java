package io.github.ffncensus.interpret.values;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Value predictions by plain arithmetic in double, one neuron at a time. */
final class ValueOracle {
  private final double[] logits;

  ValueOracle(double[] logits) {
    this.logits = logits;
  }

  /**
   * Logits of a value vector.
   *
   * @param embedding (vocabulary, hidden)
   * @param gain of the final norm, or null for the raw lens
   * @param centred whether that norm centres
   */
  static ValueOracle of(double[] value, float[] embedding, float[] gain, boolean centred) {
    int hidden = value.length;
    double mean = 0;
    for (double v : value) {
      mean += v / hidden;
    }
    double[] logits = new double[embedding.length / hidden];
    for (int w = 0; w < logits.length; w++) {
      for (int j = 0; j < hidden; j++) {
        double h = gain == null ? value[j] : gain[j] * (centred ? value[j] - mean : value[j]);
        logits[w] += embedding[w * hidden + j] * h;
      }
    }
    return new ValueOracle(logits);
  }

  int[] ranked(int count, boolean largestFirst) {
    Comparator<Integer> order = Comparator.comparingDouble(w -> logits[w]);
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted((largestFirst ? order.reversed() : order).thenComparing(w -> w))
        .limit(count)
        .mapToInt(w -> w)
        .toArray();
  }

  double[] probabilities(double scale) {
    double largest = logits[ranked(1, true)[0]];
    double total = 0;
    double[] p = new double[logits.length];
    for (int w = 0; w < p.length; w++) {
      p[w] = Math.exp(scale * (logits[w] - largest));
      total += p[w];
    }
    for (int w = 0; w < p.length; w++) {
      p[w] /= total;
    }
    return p;
  }

  double entropy(double scale) {
    double entropy = 0;
    for (double p : probabilities(scale)) {
      entropy -= p == 0 ? 0 : p * Math.log(p);
    }
    return entropy;
  }

  int rank(int target) {
    int rank = 1;
    for (int w = 0; w < logits.length; w++) {
      if (logits[w] > logits[target] || (logits[w] == logits[target] && w < target)) {
        rank++;
      }
    }
    return rank;
  }

  /** (largest - second largest or mean) / standard deviation. */
  double peak(boolean overSecond) {
    double mean = 0;
    for (double logit : logits) {
      mean += logit / logits.length;
    }
    double square = 0;
    for (double logit : logits) {
      square += (logit - mean) * (logit - mean) / logits.length;
    }
    int[] two = ranked(2, true);
    return (logits[two[0]] - (overSecond ? logits[two[1]] : mean)) / Math.sqrt(square);
  }
}
