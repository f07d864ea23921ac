package io.github.ffncensus.analysis.positions;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.model.ScriptModule;
import java.util.Arrays;
import java.util.List;

/** Counts on the device which memories of a layer vote for what the layer adds. */
final class MemoryVotes implements AutoCloseable {
  private static final String CLASS_NAME = "Votes";

  private static final String SOURCE =
      """
      class Votes(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Votes, x: Tensor) -> Tensor:
          return x
        def votes(self: __torch__.Votes, m: Tensor, top: Tensor, bottom: Tensor, norm: Tensor, ffn: Tensor, layer: Tensor) -> List[Tensor]:
          size = torch.abs(m)
          large = torch.gt(size, torch.mul(torch.amax(size, [1], True), 0.01))
          positive = torch.gt(m, 0)
          negative = torch.lt(m, 0)
          by_ffn = torch.eq(top, torch.unsqueeze(ffn, 1))
          promoting = torch.logical_and(positive, by_ffn)
          sparing = torch.logical_and(negative, torch.eq(bottom, torch.unsqueeze(ffn, 1)))
          agreeing = torch.logical_or(promoting, sparing)
          for_layer = torch.eq(top, torch.unsqueeze(layer, 1))
          against_layer = torch.eq(bottom, torch.unsqueeze(layer, 1))
          code = torch.logical_or(torch.logical_and(positive, for_layer), torch.logical_and(negative, against_layer))
          counts = torch.stack([torch.sum(positive, [1]), torch.sum(negative, [1]), torch.sum(large, [1]), torch.sum(agreeing, [1]), torch.sum(promoting, [1]), torch.sum(by_ffn, [1]), torch.sum(code, [1])], 1)
          weights = torch.to(torch.mul(size, norm), 7)
          share = torch.div(torch.sum(torch.mul(weights, agreeing), [1]), torch.clamp_min(torch.sum(weights, [1]), 1e-300))
          return [counts, share]
      """;

  /** No memory agrees with an FFN that adds nothing. */
  private static final long NOTHING = -2;

  /** Numbers per row in {@link Votes#counts}. */
  private static final int COUNTS = 7;

  private final ScriptModule script;
  private final NDArray[] tops;
  private final NDArray[] bottoms;
  private final NDArray[] norms;

  MemoryVotes(NDManager manager, List<ValueTops.Layer> values) {
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    tops = values.stream().map(layer -> manager.create(layer.top())).toArray(NDArray[]::new);
    bottoms = values.stream().map(layer -> manager.create(layer.bottom())).toArray(NDArray[]::new);
    norms = values.stream().map(layer -> manager.create(layer.norm())).toArray(NDArray[]::new);
  }

  /** The memories of one layer, row by row. */
  record Votes(long[] counts, double[] agreeingShares) {

    MemoryCounts row(int row) {
      int at = row * COUNTS;
      return new MemoryCounts(
          (int) counts[at],
          (int) counts[at + 1],
          (int) counts[at + 2],
          (int) counts[at + 3],
          (int) counts[at + 4],
          (int) counts[at + 5],
          (int) counts[at + 6],
          agreeingShares[row]);
    }
  }

  /**
   * @param coefficients float32 (rows, neurons), in {@code scope}
   * @param ffn top(y) under the lens of value vectors
   * @param lengths of y
   * @param layer top(o)
   */
  Votes votes(
      NDManager scope, int l, NDArray coefficients, long[] ffn, float[] lengths, long[] layer) {
    long[] wanted = new long[ffn.length];
    Arrays.setAll(wanted, row -> lengths[row] == 0 ? NOTHING : ffn[row]);
    NDList found =
        script.callForList(
            scope,
            "votes",
            coefficients,
            tops[l],
            bottoms[l],
            norms[l],
            scope.create(wanted),
            scope.create(layer));
    return new Votes(found.get(0).toLongArray(), found.get(1).toDoubleArray());
  }

  @Override
  public void close() {
    script.close();
  }
}
