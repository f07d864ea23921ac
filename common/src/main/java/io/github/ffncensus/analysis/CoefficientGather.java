package io.github.ffncensus.analysis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.Transformer;

/** Picks single coefficients on the device, so that only they travel to the host. */
public final class CoefficientGather implements AutoCloseable {
  private static final String CLASS_NAME = "Gather";

  private static final String SOURCE =
      """
      class Gather(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Gather, x: Tensor) -> Tensor:
          return x
        def at(self: __torch__.Gather, x: Tensor, index: Tensor) -> Tensor:
          return torch.take(x, index)
      """;

  private final NDManager manager;
  private final ScriptModule script;
  private final int width;

  public CoefficientGather(Transformer model) {
    width = model.architecture().intermediate();
    manager = model.newScope();
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /**
   * Where a coefficient stands in a layer's.
   *
   * @param row of the sequence in the batch
   */
  public long index(TokenBatch batch, int row, int position, int neuron) {
    return ((long) row * batch.length() + position) * width + neuron;
  }

  /**
   * @param coefficients of a layer, (batch, length, neurons)
   * @param indices as {@link #index} gives them
   * @return a value for each
   */
  public float[] at(NDArray coefficients, long[] indices) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray index = scope.create(indices, new Shape(indices.length));
      return script.call(scope, "at", coefficients, index).toFloatArray();
    }
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
