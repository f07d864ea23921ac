package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;

/**
 * Reads vectors as predictions, a part of the vocabulary at a time: what is kept of all logits is
 * the best token and a few sums per row, so memory is rows x part, and a part stays in a core's
 * cache. Of equal logits the lowest token wins.
 */
final class VocabularySweep implements AutoCloseable {
  private static final String CLASS_NAME = "Sweep";

  /**
   * States are lists; of a row r, y, o: best logit and its token; further for r the sum of
   * exponentials over the best, and the logit of its token in E y; for E y its best and the sums of
   * logits and squares.
   */
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
        def best(self: __torch__.Sweep, best: Tensor, token: Tensor, logits: Tensor, first: int) -> List[Tensor]:
          top = torch.amax(logits, [1], False)
          rows = torch.flatten(torch.nonzero(torch.gt(top, best)))
          at = torch.argmax(torch.index_select(logits, 0, rows), 1, False)
          return [torch.maximum(best, top), torch.index_copy(token, 0, rows, torch.add(at, first)), rows, at]
        def extremes(self: __torch__.Sweep, s: List[Tensor], logits: Tensor, first: int) -> List[Tensor]:
          top = (self).best(s[0], s[1], logits, first, )
          bottom = (self).best(s[2], s[3], torch.neg(logits), first, )
          return [top[0], top[1], bottom[0], bottom[1]]
        def shared(self: __torch__.Sweep, s: List[Tensor], r: Tensor, y: Tensor, values: Tensor, scales: Tensor, shift: Tensor, first: int) -> List[Tensor]:
          by_r = torch.add(torch.mul(r, torch.narrow(scales, 1, 0, 1)), shift)
          by_y = torch.add(torch.mul(y, torch.narrow(scales, 1, 1, 1)), shift)
          by_o = torch.add(torch.mul(torch.add(r, y), torch.narrow(scales, 1, 2, 1)), shift)
          return (self).step(s, by_r, by_y, by_o, values, first, )
        def step(self: __torch__.Sweep, s: List[Tensor], r: Tensor, y: Tensor, o: Tensor, values: Tensor, first: int) -> List[Tensor]:
          of_r = (self).best(s[0], s[1], r, first, )
          of_y = (self).best(s[4], s[5], y, first, )
          of_o = (self).best(s[6], s[7], o, first, )
          of_values = (self).best(s[8], s[9], values, first, )
          most = of_r[0]
          exponentials = torch.to(torch.sum(torch.exp(torch.sub(r, torch.unsqueeze(most, 1))), [1]), 7)
          earlier = torch.mul(s[2], torch.exp(torch.to(torch.sub(s[0], most), 7)))
          picked = torch.squeeze(torch.gather(torch.index_select(values, 0, of_r[2]), 1, torch.unsqueeze(of_r[3], 1)), 1)
          in_y = torch.index_copy(s[3], 0, of_r[2], picked)
          total = torch.add(s[10], torch.to(torch.sum(values, [1]), 7))
          squares = torch.add(s[11], torch.to(torch.sum(torch.mul(values, values), [1]), 7))
          return [most, of_r[1], torch.add(earlier, exponentials), in_y, of_y[0], of_y[1], of_o[0], of_o[1], of_values[0], of_values[1], total, squares]
        def result(self: __torch__.Sweep, s: List[Tensor], tokens: float) -> List[Tensor]:
          mean = torch.div(s[10], tokens)
          variance = torch.sub(torch.div(s[11], tokens), torch.mul(mean, mean))
          z = torch.div(torch.sub(torch.to(s[3], 7), mean), torch.sqrt(variance))
          log_total = torch.add(torch.to(s[0], 7), torch.log(s[2]))
          return [s[1], s[5], s[7], s[9], log_total, z]
      """;

  /** On a CPU the logits of a part stay in the cache; a GPU needs large products. */
  private static final int HOST_PART = 2048;

  private static final int DEVICE_PART = 1 << 16;

  private final Transformer model;
  private final Lens lens;
  private final Lens valuesLens;
  private final ScriptModule script;
  private final int part;

  /**
   * The linear lens of which {@code lens} is a scaling and a shift, so that the logits of o follow
   * from those of r and y; null for a head that is not linear behind the norm.
   */
  private final Lens base;

  /** What norm shift and head bias add to every logit, (1, vocabulary); null if nothing can. */
  private final NDArray shift;

  /** Tokens whose logits are computed together where nothing else is said. */
  static int part(Transformer model) {
    return model.device().isGpu() ? DEVICE_PART : HOST_PART;
  }

  VocabularySweep(NDManager manager, Transformer model, Lens lens, int part) {
    Architecture architecture = model.architecture();
    this.model = model;
    this.lens = lens;
    this.valuesLens = Lens.ofValues(architecture);
    this.part = part;
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    if (lens != Lens.HEAD) {
      base = architecture.preNorm() ? lens : Lens.RAW;
    } else {
      boolean linear = architecture.preNorm() && architecture.headActivation().isEmpty();
      base = linear ? Lens.FOLDED : null;
    }
    this.shift = lens == Lens.HEAD && base != null ? headOfZero(manager) : null;
  }

  /** A norm sends zero to its shift, so this is what remains of the head. */
  private NDArray headOfZero(NDManager manager) {
    Architecture architecture = model.architecture();
    try (NDManager scope = manager.newSubManager()) {
      NDArray zero = scope.zeros(new Shape(1, architecture.hidden()), DataType.FLOAT32);
      NDArray logits = model.logits(zero, Lens.HEAD);
      logits.attach(manager);
      return logits;
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
    NDList states = base == null ? ofHead(scope, r, y, o) : ofLinear(scope, r, y, o);
    NDList found = script.callForList(scope, "result", states, (double) vocabulary());
    NDArray lensResidual = script.call(scope, "wide", model.lensStates(r, lens));
    return new Predictions(
        found.get(0).toLongArray(),
        found.get(1).toLongArray(),
        found.get(2).toLongArray(),
        found.get(3).toLongArray(),
        found.get(4).toDoubleArray(),
        found.get(5).toDoubleArray(),
        lensResidual.toFloatArray());
  }

  private NDList ofLinear(NDManager scope, NDArray r, NDArray y, NDArray o) {
    NDArray byR = model.lensStates(r, base);
    NDArray byY = model.lensStates(y, base);
    NDArray byValues = base == valuesLens ? byY : model.lensStates(y, valuesLens);
    NDArray scales = scales(scope, r, y, o);
    NDList states = initial(scope, r.getShape().get(0));
    for (int from = 0; from < vocabulary(); from += part) {
      int to = Math.min(vocabulary(), from + part);
      try (NDManager tile = scope.newSubManager()) {
        NDArray ofR = project(tile, byR, base, from, to);
        NDArray ofY = project(tile, byY, base, from, to);
        NDArray ofValues = byValues == byY ? ofY : project(tile, byValues, valuesLens, from, to);
        NDArray shifts =
            shift == null
                ? tile.zeros(new Shape(1, 1), DataType.FLOAT32)
                : shift.get(new NDIndex(":, {}:{}", from, to));
        shifts.attach(tile);
        states =
            replaced(
                states,
                script.callForList(
                    scope, "shared", states, ofR, ofY, ofValues, scales, shifts, (long) from));
      }
    }
    return states;
  }

  private NDList ofHead(NDManager scope, NDArray r, NDArray y, NDArray o) {
    NDArray byR = model.lensStates(r, lens);
    NDArray byY = model.lensStates(y, lens);
    NDArray byO = model.lensStates(o, lens);
    NDArray byValues = model.lensStates(y, valuesLens);
    NDList states = initial(scope, r.getShape().get(0));
    for (int from = 0; from < vocabulary(); from += part) {
      int to = Math.min(vocabulary(), from + part);
      try (NDManager tile = scope.newSubManager()) {
        states =
            replaced(
                states,
                script.callForList(
                    scope,
                    "step",
                    states,
                    project(tile, byR, lens, from, to),
                    project(tile, byY, lens, from, to),
                    project(tile, byO, lens, from, to),
                    project(tile, byValues, valuesLens, from, to),
                    (long) from));
      }
    }
    return states;
  }

  private NDArray project(NDManager tile, NDArray lensStates, Lens by, int from, int to) {
    NDArray logits = model.project(lensStates, by, from, to);
    logits.attach(tile);
    return logits;
  }

  private static NDList replaced(NDList old, NDList states) {
    old.close();
    return states;
  }

  /** The norm's factors on r, y and o, (rows, 3). */
  private NDArray scales(NDManager scope, NDArray r, NDArray y, NDArray o) {
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

  private static NDList initial(NDManager scope, long rows) {
    return new NDList(
        nothing(scope, rows),
        noToken(scope, rows),
        scope.zeros(new Shape(rows), DataType.FLOAT64),
        scope.zeros(new Shape(rows), DataType.FLOAT32),
        nothing(scope, rows),
        noToken(scope, rows),
        nothing(scope, rows),
        noToken(scope, rows),
        nothing(scope, rows),
        noToken(scope, rows),
        scope.zeros(new Shape(rows), DataType.FLOAT64),
        scope.zeros(new Shape(rows), DataType.FLOAT64));
  }

  private static NDArray nothing(NDManager scope, long rows) {
    return scope.full(new Shape(rows), Float.NEGATIVE_INFINITY, DataType.FLOAT32);
  }

  private static NDArray noToken(NDManager scope, long rows) {
    return scope.zeros(new Shape(rows), DataType.INT64);
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
    long rows = vectors.getShape().get(0);
    NDArray lensStates = model.lensStates(vectors, by);
    NDList states =
        new NDList(
            nothing(scope, rows), noToken(scope, rows), nothing(scope, rows), noToken(scope, rows));
    for (int from = 0; from < vocabulary(); from += part) {
      int to = Math.min(vocabulary(), from + part);
      try (NDManager tile = scope.newSubManager()) {
        NDArray logits = project(tile, lensStates, by, from, to);
        states =
            replaced(states, script.callForList(scope, "extremes", states, logits, (long) from));
      }
    }
    return new Extremes(states.get(1).toLongArray(), states.get(3).toLongArray());
  }

  private int vocabulary() {
    return model.architecture().vocabulary();
  }

  @Override
  public void close() {
    script.close();
  }
}
