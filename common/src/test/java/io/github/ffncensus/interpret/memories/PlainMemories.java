package io.github.ffncensus.interpret.memories;

import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The oracle: the last layer of sequences that are run alone, every memory removed from its sum in
 * plain double arithmetic.
 */
final class PlainMemories {
  private final Architecture architecture;
  private final PlainLens plain;
  private final Lens valuesLens;
  private final int layer;
  private final double[][] values;
  private final double[][] valueLogits;

  PlainMemories(Architecture architecture, PlainLens plain) {
    this.architecture = architecture;
    this.plain = plain;
    this.valuesLens = architecture.preNorm() ? Lens.FOLDED : Lens.RAW;
    this.layer = architecture.layers() - 1;
    values = new double[architecture.intermediate()][];
    valueLogits = new double[values.length][];
    for (int i = 0; i < values.length; i++) {
      values[i] = plain.value(layer, i);
      valueLogits[i] = plain.logits(values[i], valuesLens);
    }
  }

  /** One position, its activations and what follows from them. */
  final class Position {
    private final double[] m;
    private final double[] r;
    private final double[] y;
    private final double[] sum;
    final double[] outputLogits;
    final double[] residualLogits;
    final double[] ffnLogits;

    private Position(double[] m, double[] r, double[] y) {
      this.m = m;
      this.r = r;
      this.y = y;
      sum = new double[r.length];
      Arrays.setAll(sum, j -> r[j] + y[j]);
      outputLogits = plain.logits(plain.blockOutput(layer, sum), Lens.HEAD);
      residualLogits = plain.logits(r, Lens.HEAD);
      ffnLogits = plain.logits(y, valuesLens);
    }

    int neurons() {
      return m.length;
    }

    double coefficient(int neuron) {
      return m[neuron];
    }

    double contribution(int neuron) {
      return Math.abs(m[neuron]) * length(values[neuron]);
    }

    double residualLength() {
      return length(r);
    }

    /** Neurons, those with the largest contributions first. */
    int[] strongest() {
      return IntStream.range(0, m.length)
          .boxed()
          .sorted(Comparator.comparingDouble((Integer i) -> -contribution(i)))
          .mapToInt(i -> i)
          .toArray();
    }

    /** Logits of m v. */
    double[] memoryLogits(int neuron) {
      return DoubleStream.of(valueLogits[neuron]).map(logit -> m[neuron] * logit).toArray();
    }

    /**
     * The smallest n such that the sum of the n strongest memories predicts the token; more than
     * there are memories if none does.
     *
     * @param lead of the token over all others, in logits
     */
    int fewest(int token, double lead) {
      double[] sums = new double[ffnLogits.length];
      int n = 0;
      for (int neuron : strongest()) {
        if (contribution(neuron) == 0) {
          break;
        }
        n++;
        double[] logits = memoryLogits(neuron);
        Arrays.setAll(sums, w -> sums[w] + logits[w]);
        double others =
            IntStream.range(0, sums.length)
                .filter(w -> w != token)
                .mapToDouble(w -> sums[w])
                .max()
                .orElseThrow();
        if (sums[token] > others + lead) {
          return n;
        }
      }
      return m.length + 1;
    }

    /** Logits of the model without the memory. */
    double[] logitsWithout(int neuron) {
      double[] left = new double[sum.length];
      Arrays.setAll(left, j -> sum[j] - m[neuron] * values[neuron][j]);
      return plain.logits(plain.blockOutput(layer, left), Lens.HEAD);
    }
  }

  Position position(Transformer model, TokenSequence sequence, int position) {
    TorchEngine.prepareThread();
    Last last = new Last(layer);
    model.observe(new TokenBatch(List.of(sequence)), List.of(last));
    return new Position(
        row(last.coefficients, position, architecture.intermediate()),
        row(last.residual, position, architecture.hidden()),
        row(last.output, position, architecture.hidden()));
  }

  private static double[] row(float[] values, int row, int width) {
    double[] result = new double[width];
    Arrays.setAll(result, j -> values[row * width + j]);
    return result;
  }

  private static double length(double[] x) {
    return Math.sqrt(DoubleStream.of(x).map(a -> a * a).sum());
  }

  static int top(double[] logits) {
    int best = 0;
    for (int w = 1; w < logits.length; w++) {
      best = logits[w] > logits[best] ? w : best;
    }
    return best;
  }

  /** The difference between the two largest logits. */
  static double margin(double[] logits) {
    double[] sorted = DoubleStream.of(logits).sorted().toArray();
    return sorted[sorted.length - 1] - sorted[sorted.length - 2];
  }

  static double logProbability(double[] logits, int token) {
    double most = DoubleStream.of(logits).max().orElseThrow();
    double total = DoubleStream.of(logits).map(x -> Math.exp(x - most)).sum();
    return logits[token] - most - Math.log(total);
  }

  static double entropy(double[] logits) {
    List<Double> terms = new ArrayList<>();
    for (int w = 0; w < logits.length; w++) {
      double log = logProbability(logits, w);
      terms.add(-Math.exp(log) * log);
    }
    return terms.stream().mapToDouble(x -> x).sum();
  }

  /** Tokens whose logit is larger by more than {@code slack}, plus one. */
  static int rank(double[] logits, int token, double slack) {
    return 1 + (int) DoubleStream.of(logits).filter(x -> x > logits[token] + slack).count();
  }

  private static final class Last implements ForwardObserver {
    private final int layer;
    private float[] coefficients;
    private float[] residual;
    private float[] output;

    Last(int layer) {
      this.layer = layer;
    }

    @Override
    public Set<Tap> taps() {
      return EnumSet.of(Tap.COEFFICIENTS, Tap.RESIDUAL_BEFORE, Tap.FFN_OUTPUT);
    }

    @Override
    public void layer(LayerActivations activations, TokenBatch batch) {
      if (activations.layer() == layer) {
        coefficients = activations.coefficients().toFloatArray();
        residual = activations.residualBefore().toFloatArray();
        output = activations.ffnOutput().toFloatArray();
      }
    }
  }
}
