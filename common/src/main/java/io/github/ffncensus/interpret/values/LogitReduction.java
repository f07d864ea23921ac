package io.github.ffncensus.interpret.values;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.ffncensus.model.ScriptModule;

/**
 * Reduces rows of logits on the device to a few numbers each, so that the host never sees a
 * vocabulary.
 */
final class LogitReduction implements AutoCloseable {
  private static final String CLASS_NAME = "LogitReduction";

  /**
   * topk leaves the order of equal values open. Rows where that matters, which are few, are sorted:
   * a stable sort keeps the lowest id first.
   */
  private static final String SOURCE =
      """
      class LogitReduction(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.LogitReduction, x: Tensor) -> Tensor:
          return x
        def largest(self: __torch__.LogitReduction, x: Tensor, width: int) -> List[Tensor]:
          values, ids = torch.topk(x, width, 1, True, True)
          before = torch.slice(values, 1, 0, torch.sub(width, 1))
          after = torch.slice(values, 1, 1, width)
          rows = torch.squeeze(torch.nonzero(torch.any(torch.eq(before, after), 1)), 1)
          if torch.gt(torch.size(rows, 0), 0):
            _0, order = torch.sort(torch.index_select(x, 0, rows), stable=True, dim=1, descending=True)
            ordered = torch.index_copy(ids, 0, rows, torch.slice(order, 1, 0, width))
          else:
            ordered = ids
          return [values, ordered]
        def smallest(self: __torch__.LogitReduction, x: Tensor, width: int) -> List[Tensor]:
          return (self).largest(torch.neg(x), width, )
        def spread(self: __torch__.LogitReduction, below: Tensor) -> List[Tensor]:
          terms = torch.exp(below)
          total = torch.sum(terms, [1])
          return [total, torch.sum(torch.mul_(terms, below), [1])]
        def reduce(self: __torch__.LogitReduction, x: Tensor, width: int, scales: Tensor, targets: Tensor, ids: Tensor) -> List[Tensor]:
          values, order = (self).largest(x, width, )
          deviation, mean = torch.std_mean(x, [1], False)
          below = torch.sub(x, torch.slice(values, 1, 0, 1))
          total, weighted = (self).spread(below, )
          scaled_total, scaled_weighted = (self).spread(torch.mul(below, scales), )
          of_target = torch.gather(x, 1, targets)
          larger = torch.sum(torch.gt(x, of_target), [1])
          equal = torch.sum(torch.logical_and(torch.eq(x, of_target), torch.lt(ids, targets)), [1])
          return [values, order, mean, deviation, total, weighted, scaled_total, scaled_weighted, torch.add(larger, equal)]
      """;

  private final ScriptModule script;

  LogitReduction(NDManager manager) {
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /**
   * Row by row, on the host. {@code total} is the sum of exp(below) over the vocabulary, {@code
   * weighted} the sum of exp(below) * below, where below = logit - largest logit; the scaled ones
   * are the same of scale * below.
   *
   * @param logits the largest ones, (rows, width)
   * @param ids of the largest logits, (rows, width)
   * @param ahead tokens that rank before the target
   */
  record Reduced(
      float[] logits,
      long[] ids,
      float[] mean,
      float[] deviation,
      float[] total,
      float[] weighted,
      float[] scaledTotal,
      float[] scaledWeighted,
      long[] ahead) {}

  /**
   * @param logits (rows, vocabulary)
   * @param width how many of the largest are wanted
   * @param scales one per row, above zero
   * @param targets a token per row
   */
  Reduced reduce(NDArray logits, int width, float[] scales, long[] targets) {
    try (NDManager scope = logits.getManager().newSubManager()) {
      NDArray ids = scope.arange(0, Math.toIntExact(logits.getShape().get(1)), 1, DataType.INT64);
      NDList found =
          script.callForList(
              scope,
              "reduce",
              logits,
              (long) width,
              scope.create(scales).expandDims(1),
              scope.create(targets).expandDims(1),
              ids);
      return new Reduced(
          found.get(0).toFloatArray(),
          found.get(1).toLongArray(),
          found.get(2).toFloatArray(),
          found.get(3).toFloatArray(),
          found.get(4).toFloatArray(),
          found.get(5).toFloatArray(),
          found.get(6).toFloatArray(),
          found.get(7).toFloatArray(),
          found.get(8).toLongArray());
    }
  }

  /** Ids of the smallest logits, (rows, width). */
  long[] smallest(NDArray logits, int width) {
    try (NDManager scope = logits.getManager().newSubManager()) {
      return script.callForList(scope, "smallest", logits, (long) width).get(1).toLongArray();
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
