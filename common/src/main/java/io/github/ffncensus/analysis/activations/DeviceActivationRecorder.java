package io.github.ffncensus.analysis.activations;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.analysis.DeviceRows;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The per-token record on the device: what is to be recorded is chosen there, and only that travels
 * to the host. Among equal coefficients at the end of a token's top list, which are recorded is the
 * device's choice; all else is as {@link ActivationRecorder} records it.
 */
final class DeviceActivationRecorder implements DeviceObserver {
  private static final String CLASS_NAME = "Record";

  private static final String SOURCE =
      """
      class Record(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Record, x: Tensor) -> Tensor:
          return x
        def rows(self: __torch__.Record, x: Tensor, rows: Tensor) -> Tensor:
          return torch.to(torch.index_select(torch.flatten(x, 0, 1), 0, rows), 6)
        def top(self: __torch__.Record, x: Tensor, rows: Tensor, wanted: int) -> List[Tensor]:
          values, neurons = torch.topk((self).rows(x, rows, ), wanted, 1, True, True)
          return [values, neurons]
        def above(self: __torch__.Record, x: Tensor, rows: Tensor, threshold: float) -> List[Tensor]:
          selected = (self).rows(x, rows, )
          hit = torch.gt(selected, threshold)
          index = torch.nonzero(hit)
          return [torch.masked_select(selected, hit), torch.select(index, 1, 1), torch.select(index, 1, 0)]
        def chosen(self: __torch__.Record, x: Tensor, rows: Tensor, neurons: Tensor) -> Tensor:
          return torch.index_select((self).rows(x, rows, ), 1, neurons)
      """;

  /** Bounds what a call brings to the host. */
  private static final int CHUNK_ROWS = 1024;

  private final NDManager manager;
  private final ScriptModule script;
  private final ActivationMode mode;
  private final int width;
  private final ActivationSink sink;

  DeviceActivationRecorder(ActivationMode mode, Transformer model, ActivationSink sink) {
    this.mode = mode;
    this.width = model.architecture().intermediate();
    this.sink = sink;
    manager = model.newScope();
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    DeviceRows.forEach(batch, CHUNK_ROWS, rows -> record(layer, batch, rows));
  }

  private void record(LayerActivations layer, TokenBatch batch, long[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray indices = scope.create(rows);
      NDArray m = layer.coefficients();
      Chunk chunk = new Chunk(layer.layer(), batch, rows);
      if (mode instanceof ActivationMode.Top top) {
        long wanted = Math.min(width, top.perToken());
        NDList found = script.callForList(scope, "top", m, indices, wanted);
        chunk.acceptTop(found.get(0).toFloatArray(), found.get(1).toLongArray(), (int) wanted);
      } else if (mode instanceof ActivationMode.Threshold threshold) {
        NDList found =
            script.callForList(scope, "above", m, indices, (double) threshold.threshold());
        chunk.acceptSparse(
            found.get(0).toFloatArray(), found.get(1).toLongArray(), found.get(2).toLongArray());
      } else {
        int[] neurons = chosen(layer.layer());
        if (neurons.length > 0) {
          NDArray columns = scope.create(Arrays.stream(neurons).asLongStream().toArray());
          chunk.acceptDense(
              script.call(scope, "chosen", m, indices, columns).toFloatArray(), neurons);
        }
      }
    }
  }

  private int[] chosen(int layer) {
    return mode instanceof ActivationMode.Neurons chosen
        ? chosen.ofLayer(layer)
        : IntStream.range(0, width).toArray();
  }

  @Override
  public void finish(PartialSink partials) {
    // Everything went to the activation sink already.
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }

  /** Hands rows that are on the host to the sink. */
  private final class Chunk {
    private final int layer;
    private final TokenBatch batch;
    private final long[] rows;

    Chunk(int layer, TokenBatch batch, long[] rows) {
      this.layer = layer;
      this.batch = batch;
      this.rows = rows;
    }

    void acceptTop(float[] values, long[] neurons, int perRow) {
      for (int row = 0; row < rows.length; row++) {
        int[] ofRow = new int[perRow];
        float[] coefficients = new float[perRow];
        for (int i = 0; i < perRow; i++) {
          int neuron = (int) neurons[row * perRow + i];
          float value = values[row * perRow + i];
          int at = i;
          while (at > 0 && coefficients[at - 1] == value && ofRow[at - 1] > neuron) {
            ofRow[at] = ofRow[at - 1];
            at--;
          }
          ofRow[at] = neuron;
          coefficients[i] = value;
        }
        accept(row, ofRow, coefficients);
      }
    }

    /** Values come by row. */
    void acceptSparse(float[] values, long[] neurons, long[] valueRows) {
      int from = 0;
      while (from < values.length) {
        int to = from;
        while (to < values.length && valueRows[to] == valueRows[from]) {
          to++;
        }
        int[] ofRow = new int[to - from];
        for (int i = from; i < to; i++) {
          ofRow[i - from] = (int) neurons[i];
        }
        accept((int) valueRows[from], ofRow, Arrays.copyOfRange(values, from, to));
        from = to;
      }
    }

    void acceptDense(float[] values, int[] neurons) {
      for (int row = 0; row < rows.length; row++) {
        int from = row * neurons.length;
        accept(row, neurons, Arrays.copyOfRange(values, from, from + neurons.length));
      }
    }

    private void accept(int row, int[] neurons, float[] coefficients) {
      TokenSequence sequence = batch.sequences().get((int) (rows[row] / batch.length()));
      int position = (int) (rows[row] % batch.length());
      sink.accept(
          layer,
          sequence.id(),
          position,
          sequence.tokens()[position],
          neurons,
          coefficients,
          neurons.length);
    }
  }
}
