package io.github.ffncensus.analysis.stats;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.ScriptModule;
import java.util.ArrayList;
import java.util.List;

/**
 * Running sums of one layer over one shard, on the device: the same numbers as {@link LayerSums},
 * which {@link #toHost} turns them into. Nothing comes to the host before the shard's end.
 */
final class DeviceSums {
  static final String CLASS_NAME = "Statistics";

  /**
   * Sums are (5, neurons): powers 1 to 4 about the shift, then the count of positive values. The
   * bucket arithmetic is that of {@link CoefficientBuckets#of}.
   */
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
        def means(self: __torch__.Statistics, x: Tensor) -> Tensor:
          return torch.mean(x, [0], False)
        def powers(self: __torch__.Statistics, x: Tensor, shift: Tensor) -> Tensor:
          d = torch.sub(x, shift)
          d2 = torch.mul(d, d)
          s1 = torch.sum(d, [0], False)
          s2 = torch.sum(d2, [0], False)
          s3 = torch.sum(torch.mul(d2, d), [0], False)
          s4 = torch.sum(torch.mul(d2, d2), [0], False)
          positive = torch.sum(torch.gt(x, 0), [0], False)
          return torch.stack([torch.to(s1, 7), torch.to(s2, 7), torch.to(s3, 7), torch.to(s4, 7), torch.to(positive, 7)], 0)
        def buckets(self: __torch__.Statistics, x: Tensor, shift: int, offset: int, side: int) -> Tensor:
          bits = torch.view_copy(x, dtype=3)
          magnitude = torch.sub(torch.__rshift__(torch.bitwise_and(bits, 2147483647), shift), offset)
          steps = torch.add(torch.clamp(magnitude, -1, side), 1)
          signed = torch.where(torch.lt(bits, 0), torch.neg(steps), steps)
          return torch.t(torch.to(torch.add(signed, torch.add(side, 1)), 4))
        def add(self: __torch__.Statistics, x: Tensor, shift: Tensor, sums: Tensor, low: Tensor, high: Tensor, histogram: Tensor, bits: int, offset: int, side: int) -> Tensor:
          powers = (self).powers(x, shift, )
          bucket = (self).buckets(x, bits, offset, side, )
          ones = torch.ones_like(bucket, dtype=3)
          lowest = torch.minimum(low, torch.amin(x, [0], False))
          highest = torch.maximum(high, torch.amax(x, [0], False))
          _0 = torch.add_(sums, powers)
          _1 = torch.copy_(low, lowest)
          _2 = torch.copy_(high, highest)
          _3 = torch.scatter_add_(histogram, 1, bucket, ones)
          return sums
        def quadrants(self: __torch__.Statistics, gate: Tensor, up: Tensor) -> List[Tensor]:
          g = torch.gt(gate, 0)
          u = torch.gt(up, 0)
          ng = torch.logical_not(g)
          nu = torch.logical_not(u)
          return [torch.logical_and(g, u), torch.logical_and(g, nu), torch.logical_and(ng, u), torch.logical_and(ng, nu)]
        def add_gated(self: __torch__.Statistics, x: Tensor, shift: Tensor, sums: Tensor, low: Tensor, high: Tensor, histogram: Tensor, bits: int, offset: int, side: int, gate: Tensor, up: Tensor, quadrant_sums: Tensor, quadrant_counts: Tensor) -> Tensor:
          q0, q1, q2, q3, = (self).quadrants(gate, up, )
          counted = torch.stack([torch.sum(q0, [0], False), torch.sum(q1, [0], False), torch.sum(q2, [0], False), torch.sum(q3, [0], False)], 0)
          summed = torch.stack([torch.sum(torch.mul(x, q0), [0], False), torch.sum(torch.mul(x, q1), [0], False), torch.sum(torch.mul(x, q2), [0], False), torch.sum(torch.mul(x, q3), [0], False)], 0)
          summed_64 = torch.to(summed, 7)
          _0 = (self).add(x, shift, sums, low, high, histogram, bits, offset, side, )
          _1 = torch.add_(quadrant_counts, counted)
          _2 = torch.add_(quadrant_sums, summed_64)
          return sums
      """;

  private final ScriptModule script;
  private final NDManager manager;
  private final int neurons;
  private final boolean gated;
  private final NDArray sums;
  private final NDArray low;
  private final NDArray high;
  private final NDArray histogram;
  private final NDArray quadrantSums;
  private final NDArray quadrantCounts;
  private NDArray shift;
  private long count;

  /**
   * @param manager owns the sums; its device is the model's
   */
  DeviceSums(ScriptModule script, NDManager manager, int neurons, boolean gated) {
    this.script = script;
    this.manager = manager;
    this.neurons = neurons;
    this.gated = gated;
    sums = manager.zeros(new Shape(Moments.CENTRAL + 1, neurons), DataType.FLOAT64);
    low = manager.full(new Shape(neurons), Float.POSITIVE_INFINITY, DataType.FLOAT32);
    high = manager.full(new Shape(neurons), Float.NEGATIVE_INFINITY, DataType.FLOAT32);
    histogram = manager.zeros(new Shape(neurons, CoefficientBuckets.COUNT), DataType.INT32);
    Shape quadrants = new Shape(gated ? StatisticsBlock.QUADRANTS : 0, neurons);
    quadrantSums = manager.zeros(quadrants, DataType.FLOAT64);
    quadrantCounts = manager.zeros(quadrants, DataType.INT64);
  }

  /**
   * Adds rows, in one call that allocates all it needs before it changes anything: it either
   * happens or, for want of memory, does not.
   *
   * @param layer activations (batch, length, neurons)
   * @param rows numbers of the rows to add, at least one
   */
  void add(LayerActivations layer, long[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray indices = scope.create(rows);
      NDArray m = script.call(scope, "rows", layer.coefficients(), indices);
      if (shift == null) {
        shift = script.call(manager, "means", m);
      }
      List<Object> arguments = new ArrayList<>(List.of(m, shift, sums, low, high, histogram));
      arguments.addAll(
          List.of(
              (long) CoefficientBuckets.SHIFT,
              (long) CoefficientBuckets.OFFSET,
              (long) CoefficientBuckets.PER_SIDE));
      if (gated) {
        arguments.add(script.call(scope, "rows", layer.gate(), indices));
        arguments.add(script.call(scope, "rows", layer.up(), indices));
        arguments.add(quadrantSums);
        arguments.add(quadrantCounts);
      }
      script.call(scope, gated ? "add_gated" : "add", arguments.toArray());
    }
    count += rows.length;
  }

  /** The sums as the host keeps them. */
  LayerSums toHost() {
    LayerSums host = new LayerSums(neurons, gated);
    if (count == 0) {
      return host;
    }
    host.count = count;
    host.shift = shift.toFloatArray();
    double[] all = sums.toDoubleArray();
    for (int p = 0; p < Moments.CENTRAL; p++) {
      System.arraycopy(all, p * neurons, host.powers[p], 0, neurons);
    }
    System.arraycopy(low.toFloatArray(), 0, host.min, 0, neurons);
    System.arraycopy(high.toFloatArray(), 0, host.max, 0, neurons);
    System.arraycopy(histogram.toIntArray(), 0, host.histogram, 0, host.histogram.length);
    for (int i = 0; i < neurons; i++) {
      host.tinyPositive[i] =
          Math.toIntExact((long) all[Moments.CENTRAL * neurons + i] - host.positiveBuckets(i));
    }
    double[] quadrants = quadrantSums.toDoubleArray();
    long[] counts = quadrantCounts.toLongArray();
    for (int q = 0; q < host.quadrantSums.length; q++) {
      System.arraycopy(quadrants, q * neurons, host.quadrantSums[q], 0, neurons);
      System.arraycopy(counts, q * neurons, host.quadrantCounts[q], 0, neurons);
    }
    return host;
  }
}
