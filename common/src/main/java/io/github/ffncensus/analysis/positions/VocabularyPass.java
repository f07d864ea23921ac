package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.positions.CentredEmbedding.Query;
import io.github.ffncensus.analysis.positions.VocabularyParts.Part;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Passes over the vocabulary, a part at a time. What is kept of all logits is the best of each
 * small block of tokens and a few sums per row, so that a part stays in a core's cache.
 */
final class VocabularyPass implements AutoCloseable {
  private static final String CLASS_NAME = "Pass";

  /**
   * A step gives: the best of the blocks of r, y, o, and of y under the lens of values; of each row
   * of r the best, and its share in the sum of exponentials.
   */
  private static final String SOURCE =
      """
      class Pass(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Pass, x: Tensor) -> Tensor:
          return x
        def rows(self: __torch__.Pass, x: Tensor, first: int, count: int) -> Tensor:
          return torch.narrow(x, 0, first, count)
        def columns(self: __torch__.Pass, x: Tensor, first: int, count: int) -> Tensor:
          return torch.narrow(x, 1, first, count)
        def best(self: __torch__.Pass, x: Tensor, block: int) -> Tensor:
          return torch.amax(torch.unflatten(x, 1, [block, -1]), [1], False)
        def ends(self: __torch__.Pass, x: Tensor, units: Tensor, shift: Tensor, block: int) -> List[Tensor]:
          logits = torch.addcmul(shift, x, units)
          return [(self).best(logits, block, ), (self).best(torch.neg(logits), block, )]
        def combined(self: __torch__.Pass, x: Tensor, factors: Tensor, shift: Tensor, rows: int, values: int, block: int) -> List[Tensor]:
          r = torch.narrow(x, 0, 0, rows)
          y = torch.narrow(x, 0, rows, rows)
          by_r = torch.addcmul(shift, r, torch.narrow(factors, 1, 0, 1))
          by_y = torch.addcmul(shift, y, torch.narrow(factors, 1, 1, 1))
          by_o = torch.addcmul(torch.addcmul(shift, r, torch.narrow(factors, 1, 2, 1)), y, torch.narrow(factors, 1, 3, 1))
          return (self).step(by_r, by_y, by_o, torch.narrow(x, 0, torch.mul(values, rows), rows), block, )
        def separate(self: __torch__.Pass, x: Tensor, units: Tensor, shift: Tensor, rows: int, block: int) -> List[Tensor]:
          states = torch.mul(rows, 3)
          logits = torch.addcmul(shift, torch.narrow(x, 0, 0, states), torch.narrow(units, 0, 0, states))
          by_r = torch.narrow(logits, 0, 0, rows)
          by_y = torch.narrow(logits, 0, rows, rows)
          by_o = torch.narrow(logits, 0, torch.mul(rows, 2), rows)
          return (self).step(by_r, by_y, by_o, torch.narrow(x, 0, states, rows), block, )
        def step(self: __torch__.Pass, r: Tensor, y: Tensor, o: Tensor, values: Tensor, block: int) -> List[Tensor]:
          share = torch.amax(torch.softmax(r, 1), [1], True)
          return [(self).best(r, block, ), (self).best(y, block, ), (self).best(o, block, ), (self).best(values, block, ), torch.amax(r, [1], True), share]
        def factors(self: __torch__.Pass, r: Tensor, y: Tensor, norms: Tensor) -> Tensor:
          of_o = torch.narrow(norms, 1, 2, 1)
          return torch.cat([torch.mul(r, torch.narrow(norms, 1, 0, 1)), torch.mul(y, torch.narrow(norms, 1, 1, 1)), torch.mul(r, of_o), torch.mul(y, of_o)], 1)
        def total(self: __torch__.Pass, logits: Tensor) -> Tensor:
          return torch.logsumexp(torch.to(logits, 7), [1], True)
        def log_total(self: __torch__.Pass, most: Tensor, share: Tensor) -> Tensor:
          return torch.logsumexp(torch.sub(torch.to(most, 7), torch.log(torch.to(share, 7))), [1], False)
      """;

  private final Transformer model;
  private final CentredEmbedding embedding;
  private final VocabularyParts parts;
  private final ScriptModule script;

  VocabularyPass(
      NDManager manager, Transformer model, CentredEmbedding embedding, VocabularyParts parts) {
    this.model = model;
    this.embedding = embedding;
    this.parts = parts;
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /**
   * @param best logit of each block, up to a constant per row, (rows, blocks)
   * @param margins by row
   */
  record Blocks(NDArray best, double[] margins) {}

  /**
   * What a pass over the vocabulary leaves; by row.
   *
   * @param logTotal logarithm of the sum of the exponentials of r's logits
   * @param errors how far {@code logTotal} may be off for not being in floats
   */
  record Swept(
      Blocks residual,
      Blocks ffn,
      Blocks layer,
      Blocks values,
      double[] logTotal,
      double[] errors) {}

  /**
   * A layer under a lens that is a linear one, scaled and shifted: the logits of o follow from
   * those of r and y.
   *
   * @param residual state of r
   * @param others states of y, and of y under the lens of values if that is another
   * @param norms the lens' factors on r, y and o, (rows, 3)
   * @param shift of the lens, (1, vocabulary) or a single 0
   */
  Swept combined(NDManager scope, NDArray residual, NDList others, NDArray norms, NDArray shift) {
    int rows = (int) norms.getShape().get(0);
    int values = others.size();
    NDArray states = NDArrays.concat(new NDList(residual).addAll(others), 0);
    Query query = embedding.query(scope, states, rows);
    NDArray units = query.units();
    NDArray factors =
        script.call(
            scope, "factors", rowsOf(scope, units, 0, rows), rowsOf(scope, units, 1, rows), norms);
    List<NDList> found = new ArrayList<>();
    for (Part part : parts.parts()) {
      try (NDManager tile = scope.newSubManager()) {
        found.add(
            script.callForList(
                scope,
                "combined",
                query.part(tile, part),
                factors,
                of(shift, part, tile),
                (long) rows,
                (long) values,
                (long) part.block()));
      }
    }
    float[] scales = norms.toFloatArray();
    double[] ofStates = margins(scope, query, states);
    double[][] margins = new double[4][rows];
    double[] means = Arrays.copyOf(query.means().toDoubleArray(), rows);
    double[] errors = Arrays.copyOf(query.errors(), rows);
    for (int row = 0; row < rows; row++) {
      margins[0][row] = ofStates[row] * scales[3 * row];
      margins[1][row] = ofStates[rows + row] * scales[3 * row + 1];
      margins[2][row] = (ofStates[row] + ofStates[rows + row]) * scales[3 * row + 2];
      margins[3][row] = ofStates[values * rows + row];
      means[row] *= scales[3 * row];
      errors[row] *= scales[3 * row];
    }
    return swept(scope, found, rowsOf(scope, units, values, rows), margins, means, errors);
  }

  /**
   * A layer under a lens of which that cannot be said.
   *
   * @param residual state of r
   * @param others states of y and o, and of y under the lens of values
   * @param shift of the lens, (1, vocabulary) or a single 0
   */
  Swept separate(NDManager scope, NDArray residual, NDList others, NDArray shift) {
    int rows = (int) residual.getShape().get(0);
    NDArray states = NDArrays.concat(new NDList(residual).addAll(others), 0);
    Query query = embedding.query(scope, states, rows);
    NDArray units = query.units();
    List<NDList> found = new ArrayList<>();
    for (Part part : parts.parts()) {
      try (NDManager tile = scope.newSubManager()) {
        found.add(
            script.callForList(
                scope,
                "separate",
                query.part(tile, part),
                units,
                of(shift, part, tile),
                (long) rows,
                (long) part.block()));
      }
    }
    double[] ofStates = margins(scope, query, states);
    double[][] margins = new double[4][];
    Arrays.setAll(margins, i -> Arrays.copyOfRange(ofStates, i * rows, (i + 1) * rows));
    return swept(
        scope,
        found,
        rowsOf(scope, units, 3, rows),
        margins,
        Arrays.copyOf(query.means().toDoubleArray(), rows),
        Arrays.copyOf(query.errors(), rows));
  }

  /** How far the difference of two logits may be from that of the same two in float32. */
  double[] margins(NDManager scope, Query query, NDArray states) {
    double[] roundings = embedding.roundings(scope, states);
    double[] margins = new double[roundings.length];
    Arrays.setAll(margins, row -> 2 * (query.errors()[row] + 2 * roundings[row]));
    return margins;
  }

  /**
   * @param means of r
   */
  private Swept swept(
      NDManager scope,
      List<NDList> found,
      NDArray valueUnits,
      double[][] margins,
      double[] means,
      double[] errors) {
    NDArray[] joined = new NDArray[found.get(0).size()];
    for (int i = 0; i < joined.length; i++) {
      int number = i;
      NDList ofParts = new NDList();
      found.forEach(part -> ofParts.add(part.get(number)));
      joined[i] = NDArrays.concat(ofParts, 1);
    }
    double[] logTotal = script.call(scope, "log_total", joined[4], joined[5]).toDoubleArray();
    for (int row = 0; row < logTotal.length; row++) {
      logTotal[row] += means[row];
    }
    return new Swept(
        new Blocks(joined[0], margins[0]),
        new Blocks(joined[1], margins[1]),
        new Blocks(joined[2], margins[2]),
        new Blocks(joined[3].mul(valueUnits), margins[3]),
        logTotal,
        errors);
  }

  /** Logarithms of the sums of exponentials, from a product of floats. */
  double[] logTotals(NDManager scope, NDArray states, Lens lens) {
    NDList totals = new NDList();
    for (Part part : parts.parts()) {
      try (NDManager tile = scope.newSubManager()) {
        NDArray logits = model.project(states, lens, part.from(), part.to());
        logits.attach(tile);
        totals.add(script.call(scope, "total", logits));
      }
    }
    return script.call(scope, "total", NDArrays.concat(totals, 1)).toDoubleArray();
  }

  private NDArray rowsOf(NDManager scope, NDArray units, int group, int rows) {
    return script.call(scope, "rows", units, (long) group * rows, (long) rows);
  }

  /** The part of what is added to logits. */
  NDArray of(NDArray added, Part part, NDManager tile) {
    return added.size() == 1
        ? added
        : script.call(tile, "columns", added, (long) part.from(), (long) (part.to() - part.from()));
  }

  /**
   * Both ends of the rankings of some states: the blocks of their logits, and of these negated.
   *
   * @param shift (1, vocabulary) or a single 0
   */
  List<Blocks> ends(NDManager scope, NDArray states, NDArray shift) {
    Query query = embedding.query(scope, states, 0);
    NDList tops = new NDList();
    NDList bottoms = new NDList();
    for (Part part : parts.parts()) {
      try (NDManager tile = scope.newSubManager()) {
        NDList ends =
            script.callForList(
                scope,
                "ends",
                query.part(tile, part),
                query.units(),
                of(shift, part, tile),
                (long) part.block());
        tops.add(ends.get(0));
        bottoms.add(ends.get(1));
      }
    }
    double[] margins = margins(scope, query, states);
    return List.of(
        new Blocks(NDArrays.concat(tops, 1), margins),
        new Blocks(NDArrays.concat(bottoms, 1), margins));
  }

  @Override
  public void close() {
    script.close();
  }
}
