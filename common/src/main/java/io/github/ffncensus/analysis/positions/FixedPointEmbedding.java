package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.analysis.positions.VocabularyParts.Part;
import io.github.ffncensus.model.ByteProducts;
import io.github.ffncensus.model.ScriptModule;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * An output embedding in fixed point, where {@link ByteProducts} are fast: a number is written in
 * three digits of base 256, each a byte, in units of its token, after all columns were brought to
 * one spread; and so are the states that it is multiplied with. With two of the digits a product
 * keeps 16 bits of what makes logits differ, with three 24 bits, those of a float.
 *
 * <p>Each digit of a part of the vocabulary lies in the order in which oneDNN multiplies, and its
 * products are scaled and added as they are made: no pass over logits is needed for that.
 */
final class FixedPointEmbedding {
  private static final String CLASS_NAME = "FixedPoint";

  /**
   * The numbers are PyTorch's own codes: 1 int8, 6 float32, 7 float64. Of tokens: their high,
   * middle and low digits, the scales of products of first, second and third order, and zeros. The
   * operation {@code sum} adds to its argument in place.
   */
  private static final String SOURCE =
      """
      class FixedPoint(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.FixedPoint, x: Tensor) -> Tensor:
          return x
        def centred(self: __torch__.FixedPoint, x: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
          return torch.div(torch.sub(torch.to(x, 7), mean), spread)
        def stretched(self: __torch__.FixedPoint, x: Tensor, spread: Tensor) -> Tensor:
          return torch.mul(torch.to(x, 7), spread)
        def lengths(self: __torch__.FixedPoint, x: Tensor) -> Tensor:
          return torch.sqrt(torch.sum(torch.mul(x, x), [1], True))
        def digits(self: __torch__.FixedPoint, x: Tensor) -> List[Tensor]:
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
        def packed(self: __torch__.FixedPoint, x: Tensor) -> Tensor:
          return ops.onednn.qlinear_prepack(x, None)
        def scales(self: __torch__.FixedPoint, units: Tensor, order: float) -> Tensor:
          return torch.mul(torch.flatten(units), order)
        def exact(self: __torch__.FixedPoint, x: Tensor, count: int) -> Tensor:
          return torch.narrow(x, 0, 0, count)
        def product(self: __torch__.FixedPoint, x: Tensor, digits: Tensor, scales: Tensor, zeros: Tensor) -> Tensor:
          return ops.onednn.qlinear_pointwise(x, 1., 0, digits, scales, zeros, None, 1., 0, 6, "none", annotate(List[Optional[number]], []), "")
        def added(self: __torch__.FixedPoint, x: Tensor, digits: Tensor, scales: Tensor, zeros: Tensor, to: Tensor) -> Tensor:
          return ops.onednn.qlinear_pointwise(x, 1., 0, digits, scales, zeros, to, None, 1., 0, 6, 1., 0, "sum", 1., "none", annotate(List[Optional[number]], []), "")
        def two(self: __torch__.FixedPoint, high: Tensor, middle: Tensor, tokens: List[Tensor]) -> Tensor:
          first = (self).product(high, tokens[0], tokens[3], tokens[6], )
          second = (self).added(high, tokens[1], tokens[4], tokens[6], first, )
          return (self).added(middle, tokens[0], tokens[4], tokens[6], second, )
        def three(self: __torch__.FixedPoint, high: Tensor, middle: Tensor, exact: List[Tensor], tokens: List[Tensor]) -> Tensor:
          logits = (self).two(high, middle, tokens, )
          of_exact = torch.narrow(logits, 0, 0, torch.size(exact[0], 0))
          third = (self).added(exact[0], tokens[2], tokens[5], tokens[6], of_exact, )
          fourth = (self).added(exact[1], tokens[1], tokens[5], tokens[6], third, )
          fifth = (self).added(exact[2], tokens[0], tokens[5], tokens[6], fourth, )
          return logits
      """;

  private final ScriptModule script;

  /** By which columns were divided, (1, hidden), float64. */
  private final NDArray spread;

  /** What the script's steps take of tokens. */
  private final Map<Part, NDList> tokens = new HashMap<>();

  /** Of each of the lengths, over all tokens. */
  private final Lengths longest;

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
    static final int COUNT = 5;

    static Lengths of(double[] values, int row) {
      int at = COUNT * row;
      return new Lengths(
          values[at], values[at + 1], values[at + 2], values[at + 3], values[at + 4]);
    }
  }

  /**
   * States on their way to logits.
   *
   * @param digits high and middle ones of all rows, each (rows, hidden), int8
   * @param exact high, middle and low ones of the first rows; empty if all have two digits
   * @param units that the rows' logits are in, (rows, 1)
   * @param errors how far a row's logits may be off
   */
  record States(NDList digits, NDList exact, NDArray units, double[] errors) {}

  /**
   * @param manager to whom the embedding belongs
   * @param mean of the columns, (1, hidden), float64
   * @param spread of the columns, (1, hidden), float64, none of them 0
   * @param rows gives the rows of a part's tokens, (tokens, hidden), to a manager
   */
  FixedPointEmbedding(
      NDManager manager,
      NDArray mean,
      NDArray spread,
      List<Part> parts,
      BiFunction<NDManager, Part, NDArray> rows) {
    this.spread = spread;
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    double[] most = new double[Lengths.COUNT];
    for (Part part : parts) {
      try (NDManager scope = manager.newSubManager()) {
        NDArray centred = script.call(scope, "centred", rows.apply(scope, part), mean, spread);
        NDList found = script.callForList(scope, "digits", centred);
        NDArray units = found.get(3);
        tokens.put(
            part,
            new NDList(
                script.call(manager, "packed", found.get(0)),
                script.call(manager, "packed", found.get(1)),
                script.call(manager, "packed", found.get(2)),
                script.call(manager, "scales", units, 0x1p32),
                script.call(manager, "scales", units, 0x1p24),
                script.call(manager, "scales", units, 0x1p16),
                manager.zeros(new Shape(part.to() - part.from()), DataType.INT64)));
        double[] lengths = found.get(4).max(new int[] {0}).toDoubleArray();
        for (int i = 0; i < most.length; i++) {
          most[i] = Math.max(most[i], lengths[i]);
        }
      }
    }
    longest = Lengths.of(most, 0);
  }

  /**
   * @param states (rows, hidden)
   * @param exact how many of the rows, from the first, are multiplied with three digits
   */
  States states(NDManager scope, NDArray states, int exact) {
    NDList found =
        script.callForList(scope, "digits", script.call(scope, "stretched", states, spread));
    NDList ofExact = new NDList();
    for (int digit = 0; digit < 3 && exact > 0; digit++) {
      ofExact.add(script.call(scope, "exact", found.get(digit), (long) exact));
    }
    return new States(
        new NDList(found.get(0), found.get(1)), ofExact, found.get(3), errors(found.get(4), exact));
  }

  /**
   * What is lost by rounding both factors, and with the products of digits that are left out. By
   * the inequality of Cauchy and Schwarz no vectors of these lengths can lose more.
   */
  private double[] errors(NDArray lengths, int exact) {
    double[] values = lengths.toDoubleArray();
    double[] errors = new double[(int) lengths.getShape().get(0)];
    for (int row = 0; row < errors.length; row++) {
      Lengths state = Lengths.of(values, row);
      if (row < exact) {
        errors[row] =
            state.offThree * longest.all
                + (state.all + state.offThree) * longest.offThree
                + state.middle * longest.low
                + state.low * (longest.middle + longest.low);
      } else {
        errors[row] =
            state.offTwo * longest.all
                + (state.all + state.offTwo) * longest.offTwo
                + state.middle * longest.middle;
      }
    }
    return errors;
  }

  /** Logits less their mean over the vocabulary, in the rows' units, (rows, part's tokens). */
  NDArray logits(NDManager tile, States states, Part part) {
    NDArray high = states.digits.get(0);
    NDArray middle = states.digits.get(1);
    return states.exact.isEmpty()
        ? script.call(tile, "two", high, middle, tokens.get(part))
        : script.call(tile, "three", high, middle, states.exact, tokens.get(part));
  }
}
