package io.github.ffncensus.analysis.stats;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.ScriptModule;

/**
 * Running sums of one layer over one shard, on the model's device: in float32 over a chunk of rows,
 * in float64 over chunks. Nothing comes to the host before the shard's end, except that a CPU's
 * buckets are counted by a {@link BucketCounter}.
 */
final class RunningSums {
  static final String CLASS_NAME = "Statistics";

  /** The bucket arithmetic is that of {@link CoefficientBuckets#slot}. */
  static final String SOURCE =
      """
      class Statistics(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Statistics, x: Tensor) -> Tensor:
          return x
        def rows(self: __torch__.Statistics, x: Tensor, indices: Tensor) -> Tensor:
          return torch.to(torch.index_select(torch.flatten(x, 0, 1), 0, indices), 6)
        def mean(self: __torch__.Statistics, x: Tensor) -> Tensor:
          return torch.mean(x, [0], False)
        def moments(self: __torch__.Statistics, x: Tensor, shift: Tensor, low: Tensor, high: Tensor) -> List[Tensor]:
          d = torch.sub(x, shift)
          d2 = torch.mul(d, d)
          s1 = torch.sum(d, [0], False)
          s2 = torch.sum(d2, [0], False)
          s3 = torch.sum(torch.mul_(d, d2), [0], False)
          s4 = torch.sum(torch.mul_(d2, d2), [0], False)
          powers = torch.to(torch.stack([s1, s2, s3, s4], 0), 7)
          lowest = torch.minimum(low, torch.amin(x, [0], False))
          highest = torch.maximum(high, torch.amax(x, [0], False))
          return [powers, lowest, highest]
        def quadrants(self: __torch__.Statistics, x: Tensor, gate: Tensor, up: Tensor) -> List[Tensor]:
          g = torch.gt(gate, 0)
          u = torch.gt(up, 0)
          ng = torch.logical_not(g)
          nu = torch.logical_not(u)
          q0 = torch.logical_and(g, u)
          q1 = torch.logical_and(g, nu)
          q2 = torch.logical_and(ng, u)
          q3 = torch.logical_and(ng, nu)
          counted = torch.stack([torch.sum(q0, [0], False), torch.sum(q1, [0], False), torch.sum(q2, [0], False), torch.sum(q3, [0], False)], 0)
          summed = torch.stack([torch.sum(torch.mul(x, q0), [0], False), torch.sum(torch.mul(x, q1), [0], False), torch.sum(torch.mul(x, q2), [0], False), torch.sum(torch.mul(x, q3), [0], False)], 0)
          return [torch.to(summed, 7), counted]
        def count(self: __torch__.Statistics, x: Tensor, counts: Tensor, bits: int, offset: int, side: int) -> Tensor:
          prefix = torch.view_copy(x, dtype=3)
          magnitude = torch.sub(torch.__rshift__(torch.sub(torch.bitwise_and(prefix, 2147483647), 1), bits), offset)
          steps = torch.add(torch.clamp(magnitude, -1, side), 1)
          bucket = torch.add(torch.mul(steps, torch.sign(prefix)), torch.add(side, 1))
          tiny = torch.logical_and(torch.lt(magnitude, 0), torch.gt(x, 0))
          slot = torch.t(torch.to(torch.masked_fill(bucket, tiny, torch.add(torch.mul(side, 2), 3)), 4))
          return torch.scatter_add_(counts, 1, slot, torch.ones_like(slot, dtype=3))
      """;

  private final ScriptModule script;
  private final NDManager manager;
  private final int neurons;
  private final boolean gated;

  /** (4, neurons): powers 1 to 4 of the distance to the shift. */
  private final NDArray powers;

  private NDArray low;
  private NDArray high;
  private NDArray shift;

  /** On the device or on the host, the other is null. */
  private final NDArray counts;

  private final BucketCounter hostCounts;
  private final NDArray quadrantSums;
  private final NDArray quadrantCounts;
  private long count;

  /**
   * @param manager owns the sums; its device is the model's
   * @param countOnHost whether the device's memory is the host's
   */
  RunningSums(
      ScriptModule script, NDManager manager, int neurons, boolean gated, boolean countOnHost) {
    this.script = script;
    this.manager = manager;
    this.neurons = neurons;
    this.gated = gated;
    powers = manager.zeros(new Shape(Moments.CENTRAL, neurons), DataType.FLOAT64);
    low = manager.full(new Shape(neurons), Float.POSITIVE_INFINITY, DataType.FLOAT32);
    high = manager.full(new Shape(neurons), Float.NEGATIVE_INFINITY, DataType.FLOAT32);
    hostCounts = countOnHost ? new BucketCounter(neurons) : null;
    counts =
        countOnHost
            ? null
            : manager.zeros(new Shape(neurons, CoefficientBuckets.SLOTS), DataType.INT32);
    Shape quadrants = new Shape(gated ? StatisticsBlock.QUADRANTS : 0, neurons);
    quadrantSums = manager.zeros(quadrants, DataType.FLOAT64);
    quadrantCounts = manager.zeros(quadrants, DataType.INT64);
  }

  /**
   * Adds rows. What can run out of memory comes before what changes anything: the rows are added
   * completely or not at all.
   *
   * @param layer activations (batch, length, neurons)
   * @param rows numbers of the rows to add, at least one
   */
  void add(LayerActivations layer, long[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray indices = scope.create(rows);
      NDArray m = script.call(scope, "rows", layer.coefficients(), indices);
      if (shift == null) {
        shift = script.call(manager, "mean", m);
      }
      NDList moments = script.callForList(scope, "moments", m, shift, low, high);
      NDList quadrants = gated ? quadrants(m, layer, indices, scope) : null;
      count(m, scope);
      powers.addi(moments.get(0));
      low = replace(low, moments.get(1));
      high = replace(high, moments.get(2));
      if (gated) {
        quadrantSums.addi(quadrants.get(0));
        quadrantCounts.addi(quadrants.get(1));
      }
    }
    count += rows.length;
  }

  private NDList quadrants(NDArray m, LayerActivations layer, NDArray indices, NDManager scope) {
    NDArray gate = script.call(scope, "rows", layer.gate(), indices);
    NDArray up = script.call(scope, "rows", layer.up(), indices);
    return script.callForList(scope, "quadrants", m, gate, up);
  }

  private void count(NDArray m, NDManager scope) {
    if (hostCounts != null) {
      hostCounts.count(m);
    } else {
      script.call(
          scope,
          "count",
          m,
          counts,
          (long) CoefficientBuckets.SHIFT,
          (long) CoefficientBuckets.OFFSET,
          (long) CoefficientBuckets.PER_SIDE);
    }
  }

  private NDArray replace(NDArray old, NDArray next) {
    old.close();
    next.attach(manager);
    return next;
  }

  /** The sums on the host. */
  LayerSums toHost() {
    LayerSums host =
        new LayerSums(
            neurons, gated, hostCounts != null ? hostCounts.counts() : counts.toIntArray());
    if (count == 0) {
      return host;
    }
    host.count = count;
    host.shift = shift.toFloatArray();
    double[] all = powers.toDoubleArray();
    for (int p = 0; p < Moments.CENTRAL; p++) {
      System.arraycopy(all, p * neurons, host.powers[p], 0, neurons);
    }
    System.arraycopy(low.toFloatArray(), 0, host.min, 0, neurons);
    System.arraycopy(high.toFloatArray(), 0, host.max, 0, neurons);
    double[] sums = quadrantSums.toDoubleArray();
    long[] quadrants = quadrantCounts.toLongArray();
    for (int q = 0; q < host.quadrantSums.length; q++) {
      System.arraycopy(sums, q * neurons, host.quadrantSums[q], 0, neurons);
      System.arraycopy(quadrants, q * neurons, host.quadrantCounts[q], 0, neurons);
    }
    return host;
  }
}
