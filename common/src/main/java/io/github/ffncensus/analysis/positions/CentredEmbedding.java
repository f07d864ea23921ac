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
 * <p>Where {@link ByteProducts} are fast, it is in fixed point: a number is written in three digits
 * of base 256, each a byte, in units of its token, after all columns were brought to one spread;
 * and so are the states. With two of the digits a product keeps 16 bits of what makes logits
 * differ, for a third of the time of a product of floats; with three 24 bits, those of a float, for
 * two thirds.
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
        def rows(self: __torch__.Embedding, x: Tensor, count: int) -> Tensor:
          return torch.narrow(x, 0, 0, count)
        def sums(self: __torch__.Embedding, x: Tensor) -> List[Tensor]:
          wide = torch.to(x, 7)
          longest = torch.amax(torch.sqrt(torch.sum(torch.mul(wide, wide), [1])), [0], True)
          return [torch.sum(wide, [0], True), longest]
        def products(self: __torch__.Embedding, x: Tensor, mean: Tensor) -> Tensor:
          centred = torch.sub(torch.to(x, 7), mean)
          return torch.matmul(torch.t(centred), centred)
        def spread(self: __torch__.Embedding, covariance: Tensor) -> Tensor:
          root = torch.unsqueeze(torch.sqrt(torch.diagonal(covariance)), 0)
          return torch.masked_fill(root, torch.eq(root, 0.), 1.)
        def centred(self: __torch__.Embedding, x: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
          return torch.div(torch.sub(torch.to(x, 7), mean), spread)
        def stretched(self: __torch__.Embedding, x: Tensor, spread: Tensor) -> Tensor:
          return torch.mul(torch.to(x, 7), spread)
        def means(self: __torch__.Embedding, x: Tensor, mean: Tensor) -> Tensor:
          return torch.sum(torch.mul(torch.to(x, 7), mean), [1], True)
        def norms(self: __torch__.Embedding, x: Tensor) -> Tensor:
          wide = torch.to(x, 7)
          return torch.sqrt(torch.sum(torch.mul(wide, wide), [1]))
        def deviations(self: __torch__.Embedding, x: Tensor, covariance: Tensor) -> Tensor:
          wide = torch.to(x, 7)
          return torch.sqrt(torch.clamp_min(torch.sum(torch.mul(torch.matmul(wide, covariance), wide), [1]), 0.))
        def lengths(self: __torch__.Embedding, x: Tensor) -> Tensor:
          return torch.sqrt(torch.sum(torch.mul(x, x), [1], True))
        def digits(self: __torch__.Embedding, x: Tensor) -> List[Tensor]:
          narrow = torch.to(torch.div(torch.clamp_min(torch.amax(torch.abs(x), [1], True), 1e-30), 8323072.), 6)
          unit = torch.to(narrow, 7)
          whole = torch.round(torch.div(x, unit))
          high = torch.floor(torch.div(torch.add(whole, 32896.), 65536.))
          rest = torch.sub(whole, torch.mul(high, 65536.))
          middle = torch.floor(torch.div(torch.add(rest, 128.), 256.))
          low = torch.sub(rest, torch.mul(middle, 256.))
          off = torch.sub(x, torch.mul(whole, unit))
          last = torch.mul(low, unit)
          lengths = [(self).lengths(x, ), (self).lengths(torch.add(off, last), ), (self).lengths(off, ), (self).lengths(torch.mul(middle, torch.mul(unit, 256.)), ), (self).lengths(last, )]
          return [torch.to(high, 1), torch.to(middle, 1), torch.to(low, 1), narrow, torch.cat(lengths, 1)]
        def two(self: __torch__.Embedding, high: Tensor, crossed: Tensor, digits: Tensor, units: Tensor, first: int, count: int) -> Tensor:
          width = torch.size(high, 1)
          part = torch.narrow(digits, 0, first, count)
          unit = torch.mul(torch.narrow(units, 1, first, count), 16777216.)
          most = torch._int_mm(high, torch.t(torch.narrow(part, 1, 0, width)))
          rest = torch._int_mm(crossed, torch.t(torch.narrow(part, 1, 0, torch.mul(width, 2))))
          return torch.addcmul(torch.mul(most, torch.mul(unit, 256.)), rest, unit)
        def part(self: __torch__.Embedding, high: Tensor, crossed: Tensor, tripled: Tensor, digits: Tensor, units: Tensor, first: int, count: int) -> Tensor:
          logits = (self).two(high, crossed, digits, units, first, count, )
          exact = torch.narrow(logits, 0, 0, torch.size(tripled, 0))
          last = torch._int_mm(tripled, torch.t(torch.narrow(digits, 0, first, count)))
          unit = torch.mul(torch.narrow(units, 1, first, count), 65536.)
          added = torch.addcmul_(exact, last, unit)
          return logits
        def floats(self: __torch__.Embedding, logits: Tensor, means: Tensor) -> Tensor:
          return torch.sub(logits, torch.to(means, 6))
      """;

  /** Tokens converted together. */
  private static final int BLOCK = 1024;

  /** Half a unit in the last place of 1 in float32. */
  private static final double EPSILON = 0x1p-24;

  /** Operations on a float32 before and after its part in a product, generously. */
  private static final int OTHER_OPERATIONS = 64;

  private final Transformer model;
  private final ScriptModule script;

  /** (1, hidden), float64. */
  private final NDArray mean;

  /** Of the columns over the vocabulary, (hidden, hidden), float64. */
  private final NDArray covariance;

  /** Length of the longest row. */
  private final double longest;

  /** Null if floats are multiplied. */
  private final FixedPoint fixed;

  /**
   * @param spread by which columns were divided, (1, hidden), float64
   * @param digits high, then middle, then low digits, (vocabulary, 3 * hidden), int8
   * @param units of the low digits of tokens, (1, vocabulary)
   * @param longest of each of the lengths, over all tokens
   */
  private record FixedPoint(NDArray spread, NDArray digits, NDArray units, Lengths longest) {}

  /**
   * Of a row of numbers in fixed point, as vectors.
   *
   * @param all the numbers themselves
   * @param offTwo what two digits are off
   * @param offThree what three digits are off
   * @param middle what the middle digits stand for
   * @param low what the low digits stand for
   */
  private record Lengths(double all, double offTwo, double offThree, double middle, double low) {

    static Lengths of(double[] values, int row) {
      int at = 5 * row;
      return new Lengths(
          values[at], values[at + 1], values[at + 2], values[at + 3], values[at + 4]);
    }
  }

  private CentredEmbedding(Transformer model, boolean inBytes) {
    NDManager manager = model.newScope();
    this.model = model;
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    int hidden = model.architecture().hidden();
    int vocabulary = model.architecture().vocabulary();
    try (NDManager scope = manager.newSubManager()) {
      NDArray sum = scope.zeros(new Shape(1, hidden), DataType.FLOAT64);
      double[] most = {0};
      forEachBlock(
          scope,
          rows -> {
            NDList sums = script.callForList(rows.getManager(), "sums", rows);
            sum.addi(sums.get(0));
            most[0] = Math.max(most[0], sums.get(1).toDoubleArray()[0]);
          });
      longest = most[0];
      mean = sum.div(vocabulary);
      NDArray products = scope.zeros(new Shape(hidden, hidden), DataType.FLOAT64);
      forEachBlock(
          scope, rows -> products.addi(script.call(rows.getManager(), "products", rows, mean)));
      covariance = products.div(vocabulary);
      fixed = inBytes ? fixedPoint(scope) : null;
      mean.attach(manager);
      covariance.attach(manager);
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
    NDArray spread = script.call(scope, "spread", covariance);
    NDList digits = new NDList();
    NDList units = new NDList();
    double[] longest = new double[5];
    forEachBlock(
        scope,
        rows -> {
          NDManager block = rows.getManager();
          NDList found =
              script.callForList(
                  block, "digits", script.call(block, "centred", rows, mean, spread));
          NDArray together =
              NDArrays.concat(new NDList(found.get(0), found.get(1), found.get(2)), 1);
          together.attach(scope);
          digits.add(together);
          NDArray unit = found.get(3).reshape(1, -1);
          unit.attach(scope);
          units.add(unit);
          double[] most = found.get(4).max(new int[] {0}).toDoubleArray();
          Arrays.setAll(longest, i -> Math.max(longest[i], most[i]));
        });
    return new FixedPoint(
        spread, NDArrays.concat(digits, 0), NDArrays.concat(units, 1), Lengths.of(longest, 0));
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

  /** Whether bytes are multiplied, for which logits are less exact than in float32. */
  boolean inBytes() {
    return fixed != null;
  }

  /** Each row's mean logit over the vocabulary, (rows, 1), float64. */
  NDArray means(NDManager scope, NDArray states) {
    return script.call(scope, "means", states, mean);
  }

  /** The standard deviation of each row's logits over the vocabulary, calculated in float64. */
  double[] deviations(NDManager scope, NDArray states) {
    return script.call(scope, "deviations", states, covariance).toDoubleArray();
  }

  /**
   * How far a logit in float32 may be off, by row: no sum of so many products, in whatever order,
   * can lose more.
   */
  double[] roundings(NDManager scope, NDArray states) {
    double ofLength = (model.architecture().hidden() + OTHER_OPERATIONS) * EPSILON * longest;
    return Arrays.stream(script.call(scope, "norms", states).toDoubleArray())
        .map(length -> length * ofLength)
        .toArray();
  }

  /**
   * @param states (rows, hidden), as a lens gives them to the output embedding
   * @param exact how many of the rows, from the first, are to be multiplied with three digits where
   *     bytes are multiplied; the others are with two
   */
  Query query(NDManager scope, NDArray states, int exact) {
    NDArray means = means(scope, states);
    if (fixed == null) {
      return new Floats(
          this,
          states,
          scope.ones(means.getShape(), DataType.FLOAT32),
          means,
          new double[(int) means.size()]);
    }
    NDList found =
        script.callForList(scope, "digits", script.call(scope, "stretched", states, fixed.spread));
    NDArray high = found.get(0);
    NDArray middle = found.get(1);
    NDList digits = new NDList(found.get(2), middle, high);
    NDArray tripled =
        exact == 0 ? null : script.call(scope, "rows", NDArrays.concat(digits, 1), (long) exact);
    return new Bytes(
        this,
        high,
        NDArrays.concat(new NDList(middle, high), 1),
        tripled,
        found.get(3),
        means,
        errors(found.get(4), exact));
  }

  /**
   * What is lost by rounding both factors, and with the products of digits that are left out. By
   * the inequality of Cauchy and Schwarz no vectors of these lengths can lose more.
   */
  private double[] errors(NDArray lengths, int exact) {
    double[] values = lengths.toDoubleArray();
    Lengths tokens = fixed.longest;
    double[] errors = new double[(int) lengths.getShape().get(0)];
    for (int row = 0; row < errors.length; row++) {
      Lengths state = Lengths.of(values, row);
      if (row < exact) {
        errors[row] =
            state.offThree * tokens.all
                + (state.all + state.offThree) * tokens.offThree
                + state.middle * tokens.low
                + state.low * (tokens.middle + tokens.low);
      } else {
        errors[row] =
            state.offTwo * tokens.all
                + (state.all + state.offTwo) * tokens.offTwo
                + state.middle * tokens.middle;
      }
    }
    return errors;
  }

  /** States on their way to logits. Its arrays belong to the scope that it was made in. */
  sealed interface Query {

    /** Each row's mean logit over the vocabulary, which its logits lack, (rows, 1), float64. */
    NDArray means();

    /** What makes logits of the numbers of a row, (rows, 1); above 0. */
    NDArray units();

    /** How far a row's logits may be off for not being in floats. */
    double[] errors();

    /** A part of the vocabulary, (rows, to - from). */
    NDArray part(NDManager tile, int from, int to);
  }

  private record Floats(
      CentredEmbedding embedding, NDArray states, NDArray units, NDArray means, double[] errors)
      implements Query {

    @Override
    public NDArray part(NDManager tile, int from, int to) {
      NDArray logits = embedding.model.project(states, Lens.RAW, from, to);
      logits.attach(tile);
      return embedding.script.call(tile, "floats", logits, means);
    }
  }

  /**
   * @param crossed middle digits, then high digits: what is multiplied with high and middle digits
   * @param tripled low, middle and high digits of the exact rows: what is multiplied with high,
   *     middle and low digits; null if there are none
   */
  private record Bytes(
      CentredEmbedding embedding,
      NDArray high,
      NDArray crossed,
      NDArray tripled,
      NDArray units,
      NDArray means,
      double[] errors)
      implements Query {

    @Override
    public NDArray part(NDManager tile, int from, int to) {
      NDArray digits = embedding.fixed.digits;
      NDArray ofTokens = embedding.fixed.units;
      long first = from;
      long count = to - from;
      return tripled == null
          ? embedding.script.call(tile, "two", high, crossed, digits, ofTokens, first, count)
          : embedding.script.call(
              tile, "part", high, crossed, tripled, digits, ofTokens, first, count);
    }
  }
}
