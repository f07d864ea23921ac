package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.ByteProducts;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * A model's output embedding with its mean over the vocabulary taken off, which changes no ranking
 * and no probability, to be multiplied with many states. Depends on the model alone: a process
 * makes it once, for all threads, and it goes with the model.
 *
 * <p>Where {@link ByteProducts} are fast, it is in fixed point: a number is 128 times a byte plus a
 * byte, in units of its token, after all columns were brought to one spread; and so are the states.
 * That keeps 15 bits of what makes logits differ, for a third of the time of a product of floats.
 */
final class CentredEmbedding {
  private static final Map<Transformer, CentredEmbedding> CACHE =
      Collections.synchronizedMap(new WeakHashMap<>());

  private static final String CLASS_NAME = "Embedding";

  /** The numbers are PyTorch's own codes: 1 int8, 6 float32, 7 float64. */
  private static final String SOURCE =
      """
      class Embedding(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Embedding, x: Tensor) -> Tensor:
          return x
        def sum(self: __torch__.Embedding, x: Tensor) -> Tensor:
          return torch.sum(torch.to(x, 7), [0], True)
        def squares(self: __torch__.Embedding, x: Tensor, mean: Tensor) -> Tensor:
          centred = torch.sub(torch.to(x, 7), mean)
          return torch.sum(torch.mul(centred, centred), [0], True)
        def root(self: __torch__.Embedding, squares: Tensor, tokens: float) -> Tensor:
          root = torch.sqrt(torch.div(squares, tokens))
          return torch.masked_fill(root, torch.eq(root, 0.), 1.)
        def centred(self: __torch__.Embedding, x: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
          return torch.to(torch.div(torch.sub(torch.to(x, 7), mean), spread), 6)
        def stretched(self: __torch__.Embedding, x: Tensor, spread: Tensor) -> Tensor:
          return torch.to(torch.mul(torch.to(x, 7), spread), 6)
        def means(self: __torch__.Embedding, x: Tensor, mean: Tensor) -> Tensor:
          return torch.sum(torch.mul(torch.to(x, 7), mean), [1], True)
        def digits(self: __torch__.Embedding, x: Tensor) -> List[Tensor]:
          size = torch.abs(x)
          unit = torch.div(torch.clamp_min(torch.amax(size, [1], True), 1e-30), 16256.)
          whole = torch.round(torch.div(x, unit))
          high = torch.round(torch.div(whole, 128.))
          low = torch.sub(whole, torch.mul(high, 128.))
          return [torch.to(high, 1), torch.to(low, 1), unit, torch.sum(size, [1], True)]
        def bytes(self: __torch__.Embedding, high: Tensor, crossed: Tensor, digits: Tensor, units: Tensor, first: int, count: int) -> Tensor:
          part = torch.narrow(digits, 0, first, count)
          unit = torch.narrow(units, 1, first, count)
          most = torch._int_mm(high, torch.t(torch.narrow(part, 1, 0, torch.size(high, 1))))
          rest = torch._int_mm(crossed, torch.t(part))
          crossed_unit = torch.mul(unit, 128.)
          return torch.addcmul(torch.mul(most, torch.mul(crossed_unit, 128.)), rest, crossed_unit)
        def floats(self: __torch__.Embedding, logits: Tensor, means: Tensor) -> Tensor:
          return torch.sub(logits, torch.to(means, 6))
      """;

  /** Tokens converted together. */
  private static final int BLOCK = 4096;

  /** Of each pair of numbers, what rounding and the products of two low digits may amount to. */
  private static final double LOST = 64 * 64 + 1;

  private final Transformer model;
  private final ScriptModule script;

  /** (1, hidden), float64. */
  private final NDArray mean;

  /** Null if floats are multiplied. */
  private final FixedPoint fixed;

  /**
   * @param spread by which columns were divided, (1, hidden), float64
   * @param digits high digits, then low digits, (vocabulary, 2 * hidden), int8
   * @param units of tokens, (1, vocabulary)
   * @param largestUnit of all tokens
   * @param largestSum of the absolute numbers of a token
   */
  private record FixedPoint(
      NDArray spread, NDArray digits, NDArray units, double largestUnit, double largestSum) {}

  private CentredEmbedding(Transformer model, boolean inBytes) {
    NDManager manager = model.newScope();
    this.model = model;
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    try (NDManager scope = manager.newSubManager()) {
      NDArray sum = scope.zeros(new Shape(1, model.architecture().hidden()), DataType.FLOAT64);
      forEachBlock(scope, rows -> sum.addi(script.call(rows.getManager(), "sum", rows)));
      mean = sum.div(model.architecture().vocabulary());
      fixed = inBytes ? fixedPoint(scope) : null;
      mean.attach(manager);
      if (fixed != null) {
        fixed.spread.attach(manager);
        fixed.digits.attach(manager);
        fixed.units.attach(manager);
      }
    }
  }

  static CentredEmbedding of(Transformer model) {
    TorchEngine.prepareThread();
    return CACHE.computeIfAbsent(
        model, key -> new CentredEmbedding(key, ByteProducts.fastOn(key.device())));
  }

  /** For tests, which try both ways; not shared. */
  static CentredEmbedding of(Transformer model, boolean inBytes) {
    return new CentredEmbedding(model, inBytes);
  }

  private FixedPoint fixedPoint(NDManager scope) {
    int vocabulary = model.architecture().vocabulary();
    NDArray squares = scope.zeros(mean.getShape(), DataType.FLOAT64);
    forEachBlock(
        scope, rows -> squares.addi(script.call(rows.getManager(), "squares", rows, mean)));
    NDArray spread = script.call(scope, "root", squares, (double) vocabulary);
    NDList digits = new NDList();
    NDList units = new NDList();
    double[] largestSum = {0};
    forEachBlock(
        scope,
        rows -> {
          NDManager block = rows.getManager();
          NDList found =
              script.callForList(
                  block, "digits", script.call(block, "centred", rows, mean, spread));
          NDArray pairs = NDArrays.concat(new NDList(found.get(0), found.get(1)), 1);
          pairs.attach(scope);
          digits.add(pairs);
          NDArray unit = found.get(2).reshape(1, -1);
          unit.attach(scope);
          units.add(unit);
          largestSum[0] = Math.max(largestSum[0], found.get(3).max().getFloat());
        });
    NDArray allUnits = NDArrays.concat(units, 1);
    return new FixedPoint(
        spread, NDArrays.concat(digits, 0), allUnits, allUnits.max().getFloat(), largestSum[0]);
  }

  private void forEachBlock(NDManager scope, Consumer<NDArray> action) {
    int vocabulary = model.architecture().vocabulary();
    for (int from = 0; from < vocabulary; from += BLOCK) {
      try (NDManager block = scope.newSubManager()) {
        long[] tokens = LongStream.range(from, Math.min(vocabulary, from + BLOCK)).toArray();
        action.accept(model.outputEmbeddings(tokens, block));
      }
    }
  }

  /**
   * @param states (rows, hidden), as a lens gives them to the output embedding
   */
  Query query(NDManager scope, NDArray states) {
    NDArray means = script.call(scope, "means", states, mean);
    if (fixed == null) {
      return new Floats(states, means);
    }
    NDList digits =
        script.callForList(scope, "digits", script.call(scope, "stretched", states, fixed.spread));
    NDArray crossed = NDArrays.concat(new NDList(digits.get(1), digits.get(0)), 1);
    float[] units = digits.get(2).toFloatArray();
    float[] sums = digits.get(3).toFloatArray();
    double[] bounds = new double[units.length];
    int hidden = model.architecture().hidden();
    for (int row = 0; row < bounds.length; row++) {
      bounds[row] =
          units[row] / 2 * fixed.largestSum
              + fixed.largestUnit / 2 * sums[row]
              + LOST * hidden * units[row] * fixed.largestUnit;
    }
    return new Bytes(digits.get(0), crossed, digits.get(2), means, bounds);
  }

  /** States on their way to logits. Its arrays belong to the scope that it was made in. */
  sealed interface Query {

    /** Each row's mean logit over the vocabulary, which its logits lack, (rows, 1), float64. */
    NDArray means();

    /** What makes logits of the numbers of a row, (rows, 1); above 0. */
    NDArray units();

    /** How far a row's logits may be off for not being in floats. */
    double[] bounds();

    /** A part of the vocabulary, (rows, to - from). */
    NDArray part(NDManager tile, int from, int to);
  }

  private final class Floats implements Query {
    private final NDArray states;
    private final NDArray means;

    Floats(NDArray states, NDArray means) {
      this.states = states;
      this.means = means;
    }

    @Override
    public NDArray means() {
      return means;
    }

    @Override
    public NDArray units() {
      return states.getManager().ones(means.getShape(), DataType.FLOAT32);
    }

    @Override
    public double[] bounds() {
      return new double[(int) means.size()];
    }

    @Override
    public NDArray part(NDManager tile, int from, int to) {
      NDArray logits = model.project(states, Lens.RAW, from, to);
      logits.attach(tile);
      return script.call(tile, "floats", logits, means);
    }
  }

  /**
   * @param high digits
   * @param crossed low digits, then high digits: what is multiplied with high and low digits
   */
  private final class Bytes implements Query {
    private final NDArray high;
    private final NDArray crossed;
    private final NDArray units;
    private final NDArray means;
    private final double[] bounds;

    Bytes(NDArray high, NDArray crossed, NDArray units, NDArray means, double[] bounds) {
      this.high = high;
      this.crossed = crossed;
      this.units = units;
      this.means = means;
      this.bounds = bounds;
    }

    @Override
    public NDArray means() {
      return means;
    }

    @Override
    public NDArray units() {
      return units;
    }

    @Override
    public double[] bounds() {
      return Arrays.copyOf(bounds, bounds.length);
    }

    @Override
    public NDArray part(NDManager tile, int from, int to) {
      return script.call(
          tile, "bytes", high, crossed, fixed.digits, fixed.units, (long) from, (long) (to - from));
    }
  }
}
