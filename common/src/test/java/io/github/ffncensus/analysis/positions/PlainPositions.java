package io.github.ffncensus.analysis.positions;

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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;

/**
 * The oracle: every text position of some sequences, each run alone, from activations and weights
 * in plain double arithmetic.
 */
public final class PlainPositions {
  /** Two logits closer than this may change places by rounding. */
  private static final double NEAR_TIE = 1e-4;

  private final Architecture architecture;
  private final PlainLens plain;
  private final Lens lens;
  private final Lens valuesLens;
  private final TokenTraits traits;
  private final int[][] tops;
  private final int[][] bottoms;
  private final double[][] lengths;

  /**
   * What was expected of a position at a layer; doubtful ones are near ties. Which cosines make
   * tokens related is left out.
   */
  public record Expected(SampledPosition position, boolean doubtful) {}

  public PlainPositions(Architecture architecture, PlainLens plain, Lens lens, TokenTraits traits) {
    this.architecture = architecture;
    this.plain = plain;
    this.lens = lens;
    this.traits = traits;
    this.valuesLens = architecture.preNorm() ? Lens.FOLDED : Lens.RAW;
    tops = new int[architecture.layers()][architecture.intermediate()];
    bottoms = new int[architecture.layers()][architecture.intermediate()];
    lengths = new double[architecture.layers()][architecture.intermediate()];
    for (int l = 0; l < tops.length; l++) {
      for (int i = 0; i < tops[l].length; i++) {
        double[] value = plain.value(l, i);
        double[] logits = plain.logits(value, valuesLens);
        tops[l][i] = top(logits);
        bottoms[l][i] = top(negated(logits));
        lengths[l][i] = Math.sqrt(DoubleStream.of(value).map(x -> x * x).sum());
      }
    }
  }

  public List<Expected> of(Transformer model, List<TokenSequence> sequences) {
    TorchEngine.prepareThread();
    List<Expected> all = new ArrayList<>();
    for (TokenSequence sequence : sequences) {
      Tapped tapped = new Tapped(model);
      model.observe(new TokenBatch(List.of(sequence)), List.of(tapped));
      int text = 0;
      for (int position = 0; position < sequence.length(); position++) {
        if (!sequence.special()[position]) {
          all.addAll(position(sequence, position, ++text, tapped));
        }
      }
    }
    return all;
  }

  private List<Expected> position(TokenSequence sequence, int position, int text, Tapped tapped) {
    int layers = architecture.layers();
    double[] last = row(tapped.after[layers - 1], position, architecture.hidden());
    double[] outputLogits = plain.logits(last, Lens.HEAD);
    int output = top(outputLogits);
    boolean doubtful = nearTie(outputLogits);
    int[] residuals = new int[layers];
    for (int l = 0; l < layers; l++) {
      double[] logits = plain.logits(row(tapped.before[l], position, architecture.hidden()), lens);
      residuals[l] = top(logits);
      doubtful |= nearTie(logits);
    }
    int settling = layers;
    while (settling > 0 && residuals[settling - 1] == output) {
      settling--;
    }
    List<Expected> expected = new ArrayList<>();
    for (int l = 0; l < layers; l++) {
      double[] r = row(tapped.before[l], position, architecture.hidden());
      double[] y = row(tapped.ffnOutput[l], position, architecture.hidden());
      double[] o = row(tapped.after[l], position, architecture.hidden());
      double[] m = row(tapped.coefficients[l], position, architecture.intermediate());
      double[] sum = new double[r.length];
      Arrays.setAll(sum, j -> r[j] + y[j]);
      double[] byR = plain.logits(r, lens);
      double[] byY = plain.logits(y, lens);
      // What the model passes on may be rounded, or normed.
      double[] byO = plain.logits(lens == Lens.HEAD ? o : sum, lens);
      double[] values = plain.logits(y, valuesLens);
      Change change = null;
      boolean nearRank = false;
      if (top(byO) != residuals[l]) {
        boolean lastLayer = l == layers - 1;
        nearRank = lastLayer && (near(byR, top(byO)) || near(values, residuals[l]));
        change =
            new Change(
                cosine(plain.outputEmbedding(residuals[l]), plain.outputEmbedding(top(byO))),
                shareStem(residuals[l], top(byO)),
                false,
                lastLayer ? Integer.valueOf(rank(byR, top(byO))) : null,
                lastLayer ? Integer.valueOf(rank(values, residuals[l])) : null);
      }
      SampledPosition row =
          new SampledPosition(
              sequence.id(),
              position,
              l,
              sequence.tokens()[position],
              text,
              output,
              residuals[l],
              top(byY),
              top(byO),
              top(values),
              softmax(byR, output),
              settling,
              zScore(values, residuals[l]),
              traits.stopWords().get(top(values)),
              change,
              memories(l, m, top(values), top(byO)));
      boolean tie = nearTie(byY) || nearTie(byO) || nearTie(values) || nearRank;
      expected.add(new Expected(row, doubtful || tie));
    }
    return expected;
  }

  private MemoryCounts memories(int l, double[] m, int ffn, int layer) {
    double most = DoubleStream.of(m).map(Math::abs).max().orElseThrow();
    int active = 0;
    int negative = 0;
    int large = 0;
    int agreeing = 0;
    int agreeingPositive = 0;
    int agreeingAll = 0;
    int withLayer = 0;
    double agreeingWeight = 0;
    double weight = 0;
    for (int i = 0; i < m.length; i++) {
      boolean silent = lengths[l][i] == 0;
      int vote = silent || m[i] == 0 ? -1 : m[i] > 0 ? tops[l][i] : bottoms[l][i];
      active += m[i] > 0 ? 1 : 0;
      negative += m[i] < 0 ? 1 : 0;
      large += Math.abs(m[i]) > 0.01 * most ? 1 : 0;
      agreeing += vote == ffn ? 1 : 0;
      agreeingPositive += m[i] > 0 && vote == ffn ? 1 : 0;
      agreeingAll += !silent && tops[l][i] == ffn ? 1 : 0;
      withLayer += vote == layer ? 1 : 0;
      weight += Math.abs(m[i]) * lengths[l][i];
      agreeingWeight += vote == ffn ? Math.abs(m[i]) * lengths[l][i] : 0;
    }
    return new MemoryCounts(
        active,
        negative,
        large,
        agreeing,
        agreeingPositive,
        agreeingAll,
        withLayer,
        weight == 0 ? 0 : agreeingWeight / weight);
  }

  private boolean shareStem(int a, int b) {
    int[] stems = traits.stems();
    return a < stems.length && b < stems.length && stems[a] >= 0 && stems[a] == stems[b];
  }

  static double cosine(double[] a, double[] b) {
    double product = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      ofA += a[i] * a[i];
      ofB += b[i] * b[i];
    }
    return product / Math.sqrt(ofA * ofB);
  }

  private static int rank(double[] logits, int token) {
    return 1 + (int) DoubleStream.of(logits).filter(logit -> logit > logits[token]).count();
  }

  /** Whether another logit is so near that rounding may let the two change places. */
  private static boolean near(double[] logits, int token) {
    return DoubleStream.of(logits)
            .filter(logit -> Math.abs(logit - logits[token]) < NEAR_TIE * (1 + Math.abs(logit)))
            .count()
        > 1;
  }

  private static double softmax(double[] logits, int token) {
    double most = DoubleStream.of(logits).max().orElseThrow();
    return Math.exp(logits[token] - most)
        / DoubleStream.of(logits).map(x -> Math.exp(x - most)).sum();
  }

  private static Double zScore(double[] logits, int token) {
    double mean = DoubleStream.of(logits).average().orElseThrow();
    double variance =
        DoubleStream.of(logits).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
    return variance == 0 ? null : (logits[token] - mean) / Math.sqrt(variance);
  }

  private static int top(double[] logits) {
    int best = 0;
    for (int w = 1; w < logits.length; w++) {
      best = logits[w] > logits[best] ? w : best;
    }
    return best;
  }

  private static boolean nearTie(double[] logits) {
    int best = top(logits);
    for (int w = 0; w < logits.length; w++) {
      if (w != best && logits[best] - logits[w] < NEAR_TIE) {
        return true;
      }
    }
    return false;
  }

  private static double[] negated(double[] x) {
    return DoubleStream.of(x).map(value -> -value).toArray();
  }

  private static double[] row(float[] values, int row, int width) {
    double[] result = new double[width];
    Arrays.setAll(result, j -> values[row * width + j]);
    return result;
  }

  /** Activations of one sequence, by layer. */
  private static final class Tapped implements ForwardObserver {
    private final Transformer model;
    private final float[][] coefficients;
    private final float[][] ffnOutput;
    private final float[][] before;
    private final float[][] after;

    Tapped(Transformer model) {
      this.model = model;
      int layers = model.architecture().layers();
      coefficients = new float[layers][];
      ffnOutput = new float[layers][];
      before = new float[layers][];
      after = new float[layers][];
    }

    @Override
    public Set<Tap> taps() {
      return EnumSet.allOf(Tap.class);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      coefficients[layer.layer()] = layer.coefficients().toFloatArray();
      ffnOutput[layer.layer()] = model.widened(layer.ffnOutput()).toFloatArray();
      before[layer.layer()] = model.widened(layer.residualBefore()).toFloatArray();
      after[layer.layer()] = model.widened(layer.residualAfter()).toFloatArray();
    }
  }
}
