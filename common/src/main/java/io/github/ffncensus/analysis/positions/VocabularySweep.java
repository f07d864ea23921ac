package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.Finalists.End;
import io.github.ffncensus.analysis.positions.Finalists.Winners;
import io.github.ffncensus.analysis.positions.VocabularyPass.Blocks;
import io.github.ffncensus.analysis.positions.VocabularyPass.Swept;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.List;

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
        def wide(self: __torch__.Sweep, x: Tensor) -> Tensor:
          return torch.to(x, 6)
        def norm(self: __torch__.Sweep, x: Tensor) -> Tensor:
          full = torch.to(x, 6)
          return torch.sqrt(torch.sum(torch.mul(full, full), [1]))
        def layer_scale(self: __torch__.Sweep, x: Tensor, epsilon: float) -> Tensor:
          return torch.rsqrt(torch.add(torch.var(torch.to(x, 6), [-1], False, True), epsilon))
        def rms_scale(self: __torch__.Sweep, x: Tensor, epsilon: float) -> Tensor:
          full = torch.to(x, 6)
          return torch.rsqrt(torch.add(torch.mean(torch.mul(full, full), [-1], True), epsilon))
      """;

  /** On a CPU the logits of a part stay in the cache; a GPU needs large products. */
  private static final int HOST_PART = 2048;

  private static final int DEVICE_PART = 1 << 16;

  private final Transformer model;
  private final Lens lens;
  private final Lens valuesLens;
  private final ScriptModule script;
  private final VocabularyPass pass;
  private final Finalists finalists;

  /**
   * The linear lens of which {@code lens} is a scaling and a shift, so that the logits of o follow
   * from those of r and y; null for a head that is not linear behind the norm.
   */
  private final Lens base;

  /** What the head adds to every logit, (1, vocabulary). */
  private final NDArray bias;

  /** What {@code lens} adds to the logits of {@code base}, (1, vocabulary) or a single 0. */
  private final NDArray shift;

  /** Tokens whose logits are computed together where nothing else is said. */
  static int part(Transformer model) {
    return model.device().isGpu() ? DEVICE_PART : HOST_PART;
  }

  VocabularySweep(
      NDManager manager, Transformer model, Lens lens, CentredEmbedding embedding, int part) {
    Architecture architecture = model.architecture();
    this.model = model;
    // Without a final norm there is nothing to fold.
    this.lens = lens == Lens.FOLDED && !architecture.preNorm() ? Lens.RAW : lens;
    valuesLens = Lens.ofValues(architecture);
    VocabularyParts parts = new VocabularyParts(architecture.vocabulary(), part);
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    pass = new VocabularyPass(manager, embedding, parts, architecture.vocabulary());
    finalists = new Finalists(manager, model, parts);
    if (lens != Lens.HEAD) {
      base = this.lens;
    } else {
      boolean linear = architecture.preNorm() && architecture.headActivation().isEmpty();
      base = linear ? Lens.FOLDED : null;
    }
    NDArray zero = manager.zeros(new Shape(1, architecture.hidden()), DataType.FLOAT32);
    bias = model.project(model.lensStates(zero, Lens.RAW), Lens.HEAD, 0, architecture.vocabulary());
    bias.attach(manager);
    if (lens != Lens.HEAD) {
      shift = manager.zeros(new Shape(1, 1), DataType.FLOAT32);
    } else if (base == null) {
      shift = bias;
    } else {
      // A norm sends zero to its own shift, so this is what remains of the head.
      shift = model.logits(zero, Lens.HEAD);
      shift.attach(manager);
    }
  }

  /**
   * What r, y and o of one layer predict, row by row.
   *
   * @param residual top(r)
   * @param ffn top(y)
   * @param layer top(o), of post-norm models with a linear lens top(r + y)
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

  /** Rows of an activation, (rows, width). */
  NDArray select(NDManager scope, NDArray activation, NDArray rows) {
    return script.call(scope, "select", activation, rows);
  }

  /**
   * Reads one layer at some positions.
   *
   * @param r (rows, hidden) like y and o, all in {@code scope}
   */
  Predictions predictions(NDManager scope, NDArray r, NDArray y, NDArray o) {
    boolean sum = !model.architecture().preNorm() && lens != Lens.HEAD;
    NDArray byR = model.lensStates(r, lens);
    NDArray byY = model.lensStates(y, lens);
    NDArray byO = model.lensStates(sum ? r.add(y) : o, lens);
    NDArray byValues = lens == valuesLens ? byY : model.lensStates(y, valuesLens);
    Swept swept =
        base == null
            ? pass.separate(scope, new NDList(byR, byY, byO, byValues), shift)
            : pass.combined(
                scope, baseStates(r, y, byR, byY, byValues), norms(scope, r, y, o), shift);
    Winners winners = settle(scope, byR, lens, End.TOP, swept.residual());
    long[] residual = winners.tokens();
    double[] logTotal = exactAtTheTop(swept, winners);
    double[] veto = new double[logTotal.length];
    float[] logits = model.logitsOf(byValues, valuesLens, residual).toFloatArray();
    for (int row = 0; row < veto.length; row++) {
      veto[row] = (logits[row] - swept.valueMeans()[row]) / swept.valueSpread()[row];
    }
    return new Predictions(
        residual,
        settle(scope, byY, lens, End.TOP, swept.ffn()).tokens(),
        settle(scope, byO, lens, End.TOP, swept.layer()).tokens(),
        settle(scope, byValues, valuesLens, End.TOP, swept.values()).tokens(),
        logTotal,
        veto,
        script.call(scope, "wide", byR).toFloatArray());
  }

  /** r and y under {@code base}, and y under the lens of values if that is another. */
  private NDList baseStates(NDArray r, NDArray y, NDArray byR, NDArray byY, NDArray byValues) {
    NDList states = new NDList(base == lens ? byR : model.lensStates(r, base));
    if (base == valuesLens) {
      states.add(byValues);
    } else {
      states.add(base == lens ? byY : model.lensStates(y, base));
      states.add(byValues);
    }
    return states;
  }

  /** Where one token has nearly all of the probability, its logit must not be off. */
  private static double[] exactAtTheTop(Swept swept, Winners winners) {
    double[] logTotal = swept.logTotal().clone();
    for (int row = 0; row < logTotal.length; row++) {
      double swap =
          Math.exp(winners.logits()[row] - logTotal[row])
              - Math.exp(swept.most()[row] - logTotal[row]);
      if (Double.isFinite(swap)) {
        logTotal[row] += Math.log1p(swap);
      }
    }
    return logTotal;
  }

  private Winners settle(NDManager scope, NDArray states, Lens by, End end, Blocks blocks) {
    return finalists.settle(scope, states, by, end, blocks.best(), blocks.margins());
  }

  /** The norm's factors on r, y and o, (rows, 3). */
  private NDArray norms(NDManager scope, NDArray r, NDArray y, NDArray o) {
    if (lens != Lens.HEAD) {
      return scope.ones(new Shape(r.getShape().get(0), 3), DataType.FLOAT32);
    }
    double epsilon = model.architecture().normEpsilon();
    String norm = model.architecture().rmsNorm() ? "rms_scale" : "layer_scale";
    NDArray ofR = script.call(scope, norm, r, epsilon);
    NDArray ofY = script.call(scope, norm, y, epsilon);
    NDArray ofO = script.call(scope, norm, o, epsilon);
    return NDArrays.concat(new NDList(ofR, ofY, ofO), 1);
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
    NDArray added = by == Lens.HEAD ? bias : scope.zeros(new Shape(1, 1), DataType.FLOAT32);
    List<Blocks> ends = pass.ends(scope, states, added);
    return new Extremes(
        settle(scope, states, by, End.TOP, ends.get(0)).tokens(),
        settle(scope, states, by, End.BOTTOM, ends.get(1)).tokens());
  }

  @Override
  public void close() {
    finalists.close();
    pass.close();
    script.close();
  }
}
