package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.Finalists.End;
import io.github.ffncensus.analysis.positions.VocabularyParts.Part;
import io.github.ffncensus.analysis.positions.VocabularyPass.Blocks;
import io.github.ffncensus.analysis.positions.VocabularyPass.Swept;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads vectors as predictions: passes over the vocabulary ({@link VocabularyPass}), and what is
 * the best token settled exactly ({@link Finalists}).
 */
final class VocabularySweep implements AutoCloseable {
  private static final String CLASS_NAME = "Sweep";

  private static final String SOURCE =
      """
      class Sweep(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Sweep, x: Tensor) -> Tensor:
          return x
        def select(self: __torch__.Sweep, x: Tensor, rows: Tensor) -> Tensor:
          return torch.index_select(torch.flatten(x, 0, 1), 0, rows)
        def rows(self: __torch__.Sweep, x: Tensor, rows: Tensor) -> Tensor:
          return torch.index_select(x, 0, rows)
        def norm(self: __torch__.Sweep, x: Tensor) -> Tensor:
          full = torch.to(x, 6)
          return torch.sqrt(torch.sum(torch.mul(full, full), [1]))
      """;

  /**
   * A probability may be off by this share of its value for not being calculated in floats. A row
   * of which the bounds do not say so is calculated in floats.
   */
  static final double LARGEST_ERROR = 0.004;

  private final Transformer model;
  private final Lens lens;
  private final Lens valuesLens;
  private final ScriptModule script;
  private final VocabularyParts parts;
  private final VocabularyPass pass;
  private final Finalists finalists;
  private final TokenRanks ranks;
  private final CentredEmbedding embedding;

  /**
   * The linear lens of which {@code lens} is a scaling and a shift, so that the logits of o follow
   * from those of r and y; null for a head that is not linear behind the norm.
   */
  private final Lens base;

  /** A single 0. */
  private final NDArray zero;

  /** What the head adds to every logit, (1, vocabulary). */
  private final NDArray bias;

  /**
   * What {@code lens} adds to the logits of {@code base}, or without one to the product of its
   * states and the output embedding; (1, vocabulary) or a single 0.
   */
  private final NDArray shift;

  /** How far {@code shift} may be off for being in float32. */
  private final double shiftRounding;

  VocabularySweep(NDManager manager, Transformer model, Lens lens, CentredEmbedding embedding) {
    Architecture architecture = model.architecture();
    this.model = model;
    this.lens = lens.in(architecture);
    valuesLens = Lens.ofValues(architecture);
    parts = embedding.parts();
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    pass = new VocabularyPass(manager, model, embedding, parts);
    finalists = new Finalists(manager, model, parts);
    ranks = new TokenRanks(manager, model, embedding, parts, pass);
    this.embedding = embedding;
    base = this.lens == Lens.HEAD ? (addsUp(model) ? Lens.FOLDED : null) : this.lens;
    NDArray origin = manager.zeros(new Shape(1, architecture.hidden()), DataType.FLOAT32);
    zero = manager.zeros(new Shape(1, 1), DataType.FLOAT32);
    bias = bias(origin);
    bias.attach(manager);
    if (this.lens != Lens.HEAD) {
      shift = zero;
      shiftRounding = 0;
    } else if (base == null) {
      shift = bias;
      shiftRounding = 0;
    } else {
      // A norm sends zero to its own shift, so this is what remains of the head.
      shift = model.logits(origin, Lens.HEAD);
      shift.attach(manager);
      shiftRounding = embedding.roundings(manager, model.lensStates(origin, Lens.HEAD))[0];
    }
  }

  /**
   * Whether the head's logits of o follow from those of r and y. With 16 bits they do not: o is
   * rounded.
   */
  private static boolean addsUp(Transformer model) {
    return model.scalesToHead() && model.precision() == Precision.FLOAT32;
  }

  private NDArray bias(NDArray origin) {
    NDList ofParts = new NDList();
    for (Part part : parts.parts()) {
      ofParts.add(model.project(origin, Lens.HEAD, part.from(), part.to()));
    }
    return NDArrays.concat(ofParts, 1);
  }

  /**
   * What r, y and o of one layer predict, row by row.
   *
   * @param residual top(r)
   * @param ffn top(y)
   * @param layer top(o), with a linear lens top(r + y)
   * @param ffnValue top(y) under the lens of value vectors
   * @param logTotal logarithm of the sum of the exponentials of r's logits
   * @param veto logit of top(r) in y under the lens of value vectors, in standard deviations from
   *     the mean over the vocabulary; not finite if all logits are equal
   * @param lensResidual what the output embedding is multiplied with to get r's logits, (rows,
   *     hidden), row-major
   */
  record Predictions(
      long[] residual,
      long[] ffn,
      long[] layer,
      long[] ffnValue,
      double[] logTotal,
      double[] veto,
      float[] lensResidual) {}

  Lens lens() {
    return lens;
  }

  Lens valuesLens() {
    return valuesLens;
  }

  /** Rows of an activation, (rows, width). */
  NDArray select(NDManager scope, NDArray activation, NDArray rows) {
    return script.call(scope, "select", activation, rows);
  }

  /** Some of the rows of selected ones. */
  NDArray rows(NDManager scope, NDArray selected, NDArray rows) {
    return script.call(scope, "rows", selected, rows);
  }

  /**
   * Reads one layer at some positions.
   *
   * @param r (rows, hidden) like y and o, all in {@code scope}
   */
  Predictions predictions(NDManager scope, NDArray r, NDArray y, NDArray o) {
    NDArray wideR = model.widened(r);
    NDArray wideY = model.widened(y);
    NDArray wideO = lens == Lens.HEAD ? model.widened(o) : wideR.add(wideY);
    NDArray byR = model.lensStates(wideR, lens);
    NDArray byY = model.lensStates(wideY, lens);
    NDArray byO = model.lensStates(wideO, lens);
    NDArray byValues = lens == valuesLens ? byY : model.lensStates(wideY, valuesLens);
    Swept swept =
        base == null
            ? pass.separate(scope, byR, new NDList(byY, byO, byValues), shift)
            : pass.combined(
                scope,
                base == lens ? byR : model.lensStates(wideR, base),
                baseStates(wideY, byY, byValues),
                norms(scope, wideR, wideY, wideO),
                shift);
    long[] residual = settle(scope, byR, lens, End.TOP, swept.residual());
    double[] means = embedding.means(scope, byValues).toDoubleArray();
    double[] deviations = embedding.deviations(scope, byValues);
    double[] veto = new double[residual.length];
    float[] logits = model.logitsOf(byValues, valuesLens, residual).toFloatArray();
    for (int row = 0; row < veto.length; row++) {
      veto[row] = (logits[row] - means[row]) / deviations[row];
    }
    return new Predictions(
        residual,
        settle(scope, byY, lens, End.TOP, swept.ffn()),
        settle(scope, byO, lens, End.TOP, swept.layer()),
        settle(scope, byValues, valuesLens, End.TOP, swept.values()),
        logTotals(scope, byR, swept),
        veto,
        byR.toFloatArray());
  }

  /** y under {@code base}, and under the lens of values if that is another. */
  private NDList baseStates(NDArray y, NDArray byY, NDArray byValues) {
    return base == valuesLens
        ? new NDList(byValues)
        : new NDList(base == lens ? byY : model.lensStates(y, base), byValues);
  }

  /** Those of the pass, but for the rows where they may be too far off. */
  private double[] logTotals(NDManager scope, NDArray byR, Swept swept) {
    double[] logTotals = swept.logTotal().clone();
    int[] doubtful =
        IntStream.range(0, logTotals.length)
            .filter(row -> !(swept.errors()[row] <= LARGEST_ERROR))
            .toArray();
    if (doubtful.length > 0) {
      NDArray indices = scope.create(Arrays.stream(doubtful).asLongStream().toArray());
      double[] exact = pass.logTotals(scope, rows(scope, byR, indices), lens);
      for (int i = 0; i < doubtful.length; i++) {
        logTotals[doubtful[i]] = exact[i];
      }
    }
    return logTotals;
  }

  private long[] settle(NDManager scope, NDArray states, Lens by, End end, Blocks blocks) {
    double[] margins = blocks.margins().clone();
    if (by == Lens.HEAD) {
      Arrays.setAll(margins, row -> margins[row] + 2 * shiftRounding);
    }
    return finalists.settle(scope, states, by, end, blocks.best(), margins);
  }

  /** The norm's factors on r, y and o, (rows, 3). */
  private NDArray norms(NDManager scope, NDArray r, NDArray y, NDArray o) {
    if (lens != Lens.HEAD) {
      return scope.ones(new Shape(r.getShape().get(0), 3), DataType.FLOAT32);
    }
    return NDArrays.concat(
        new NDList(model.headScale(r), model.headScale(y), model.headScale(o)), 1);
  }

  /**
   * Ranks of tokens, from 1: tokens with a larger logit, plus one. Equal logits share the rank.
   *
   * @param states (rows, hidden), in {@code scope}
   * @param tokens one per row
   */
  int[] ranks(NDManager scope, NDArray states, Lens by, long[] tokens) {
    return ranks.ranks(scope, states, by, added(by), tokens);
  }

  /** What a lens adds to the products of its states, (1, vocabulary) or a single 0. */
  private NDArray added(Lens by) {
    return by == Lens.HEAD ? bias : zero;
  }

  /** Length of each row. */
  float[] norms(NDManager scope, NDArray vectors) {
    return script.call(scope, "norm", vectors).toFloatArray();
  }

  /** Tokens with the largest and the smallest logit of each row. */
  record Extremes(long[] top, long[] bottom) {}

  /**
   * @param vectors (rows, hidden), in {@code scope}
   */
  Extremes extremes(NDManager scope, NDArray vectors, Lens by) {
    NDArray states = model.lensStates(vectors, by);
    List<Blocks> ends = pass.ends(scope, states, added(by));
    return new Extremes(
        settle(scope, states, by, End.TOP, ends.get(0)),
        settle(scope, states, by, End.BOTTOM, ends.get(1)));
  }

  @Override
  public void close() {
    ranks.close();
    finalists.close();
    pass.close();
    script.close();
  }
}
