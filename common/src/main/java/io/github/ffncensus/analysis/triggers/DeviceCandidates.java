package io.github.ffncensus.analysis.triggers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.model.ScriptModule;

/**
 * Finds on the device what may enter a layer's triggers: one comparison per activation against the
 * bounds, and only what passes travels to the host.
 */
final class DeviceCandidates implements AutoCloseable {
  private static final String CLASS_NAME = "Candidates";

  /** Of equal values, max over a dimension gives the first position. */
  private static final String SOURCE =
      """
      class Candidates(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Candidates, x: Tensor) -> Tensor:
          return x
        def strength(self: __torch__.Candidates, x: Tensor, excluded: Tensor, sign: float) -> Tensor:
          return torch.masked_fill(torch.mul(torch.to(x, 6), sign), excluded, -1.)
        def of_sequences(self: __torch__.Candidates, x: Tensor, excluded: Tensor, sign: float, bounds: Tensor) -> List[Tensor]:
          strength = (self).strength(x, excluded, sign, )
          best, position = torch.max(strength, 1, False)
          hit = torch.ge(best, bounds)
          index = torch.nonzero(hit)
          return [torch.select(index, 1, 0), torch.masked_select(position, hit), torch.select(index, 1, 1), torch.masked_select(best, hit)]
        def of_prefixes(self: __torch__.Candidates, x: Tensor, excluded: Tensor, sign: float, bounds: Tensor) -> List[Tensor]:
          strength = (self).strength(x, excluded, sign, )
          hit = torch.ge(strength, bounds)
          index = torch.nonzero(hit)
          return [torch.select(index, 1, 0), torch.select(index, 1, 1), torch.select(index, 1, 2), torch.masked_select(strength, hit)]
      """;

  private final ScriptModule script;
  private final String method;

  DeviceCandidates(NDManager manager, TriggerSearch.Distinct distinct) {
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
    method = distinct == TriggerSearch.Distinct.SEQUENCE ? "of_sequences" : "of_prefixes";
  }

  /**
   * What passed, on the host, index by index.
   *
   * @param row of the sequence in the batch
   * @param strength the coefficient, negated for negative triggers
   */
  record Found(long[] row, long[] position, long[] neuron, float[] strength) {}

  /**
   * @param coefficients (batch, length, neurons)
   * @param excluded (batch, length, 1), boolean: positions that do not compete
   * @param bounds (neurons), all above zero
   */
  Found find(NDArray coefficients, NDArray excluded, Polarity polarity, NDArray bounds) {
    try (NDManager scope = excluded.getManager().newSubManager()) {
      NDList found =
          script.callForList(
              scope, method, coefficients, excluded, (double) polarity.strength(1), bounds);
      return new Found(
          found.get(0).toLongArray(),
          found.get(1).toLongArray(),
          found.get(2).toLongArray(),
          found.get(3).toFloatArray());
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
