package io.github.ffncensus.knowledge.intervention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.model.Intervention;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Multiplies coefficients c_i <- factor * c_i at chosen positions, of other neurons and by other
 * factors in every row of a batch.
 */
final class CoefficientScaling implements AutoCloseable {
  private static final String CLASS_NAME = "Scaling";

  private static final String SOURCE =
      """
      class Scaling(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Scaling, x: Tensor) -> Tensor:
          return x
        def scale(self: __torch__.Scaling, x: Tensor, index: Tensor, factors: Tensor) -> Tensor:
          flat = torch.reshape(x, [-1])
          scaled = torch.mul(torch.take(flat, index), torch.type_as(factors, x))
          return torch.view_as(torch.scatter(flat, 0, index, scaled), x)
      """;

  private final NDManager manager;
  private final ScriptModule script;

  /** The key is the object: the same tokens may stand in many rows. */
  private final Map<TokenSequence, Row> rows = new IdentityHashMap<>();

  private record Row(int[] positions, List<ScaledNeuron> scaled) {}

  /** A coefficient of a batch at one layer, by its place in the flattened array. */
  private record Change(long index, float factor) {}

  /**
   * @param manager on the model's device
   */
  CoefficientScaling(NDManager manager) {
    this.manager = manager;
    this.script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /** Says what to change in a sequence, before it is run. */
  void add(TokenSequence sequence, int[] positions, List<ScaledNeuron> scaled) {
    rows.put(sequence, new Row(positions, scaled));
  }

  /** The changes of a batch of sequences that were added. */
  Intervention of(TokenBatch batch) {
    return (layer, coefficients) -> {
      long width = coefficients.getShape().get(2);
      List<Change> changes =
          IntStream.range(0, batch.size())
              .boxed()
              .flatMap(row -> changes(batch, row, layer, width).stream())
              .toList();
      return changes.isEmpty() ? coefficients : scale(coefficients, changes);
    };
  }

  private List<Change> changes(TokenBatch batch, int row, int layer, long width) {
    Row wanted = rows.get(batch.sequences().get(row));
    long start = (long) row * batch.length();
    return wanted.scaled().stream()
        .filter(scaled -> scaled.layer() == layer)
        .flatMap(
            scaled ->
                Arrays.stream(wanted.positions())
                    .mapToObj(
                        position ->
                            new Change(
                                (start + position) * width + scaled.neuron(), scaled.factor())))
        .toList();
  }

  private NDArray scale(NDArray coefficients, List<Change> changes) {
    float[] factors = new float[changes.size()];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = changes.get(i).factor();
    }
    try (NDManager scope = manager.newSubManager()) {
      NDArray index = scope.create(changes.stream().mapToLong(Change::index).toArray());
      return script.call(
          coefficients.getManager(), "scale", coefficients, index, scope.create(factors));
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
