package io.github.ffncensus.analysis.stats;

import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.DeviceRows;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.ScriptModule;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Count, moments, extremes, active fraction and histogram of every neuron's memory coefficient over
 * all text tokens: table {@code neuron_stats}.
 */
public final class NeuronStatistics implements Analysis {
  private static final long serialVersionUID = 1L;

  @Override
  public String name() {
    return "neuron_stats";
  }

  @Override
  public ShardObserver observe(Transformer model, int shard) {
    return new Observer(model, shard, !model.device().isGpu());
  }

  /** The observer for GPUs, which runs on any device. */
  static ShardObserver onDevice(Transformer model, int shard) {
    return new Observer(model, shard, false);
  }

  @Override
  public byte[] merge(byte[] left, byte[] right) {
    StatisticsBlock block = StatisticsBlock.unpack(left);
    block.add(StatisticsBlock.unpack(right));
    return block.pack();
  }

  /** The table rows of a fully merged block. */
  public static List<NeuronStatsRow> rows(int layer, int block, byte[] packed) {
    return StatisticsBlock.unpack(packed).rows(layer, block * BLOCK_NEURONS);
  }

  private static final class Observer implements DeviceObserver {
    /** On a CPU: what is computed from a chunk stays in a core's cache. */
    private static final int HOST_CHUNK_FLOATS = 1 << 18;

    /** On a GPU: bounds the memory of the bucket numbers, eight bytes per coefficient. */
    private static final int DEVICE_CHUNK_ROWS = 1024;

    private final NDManager manager;
    private final ScriptModule script;
    private final RunningSums[] layers;
    private final int shard;
    private final boolean gated;
    private final int chunkRows;

    Observer(Transformer model, int shard, boolean onHost) {
      this.shard = shard;
      int neurons = model.architecture().intermediate();
      gated = model.architecture().gated();
      chunkRows = onHost ? Math.max(1, HOST_CHUNK_FLOATS / neurons) : DEVICE_CHUNK_ROWS;
      manager = model.newScope();
      script = new ScriptModule(manager, RunningSums.CLASS_NAME, RunningSums.SOURCE);
      layers = new RunningSums[model.architecture().layers()];
      Arrays.setAll(layers, l -> new RunningSums(script, manager, neurons, gated, onHost));
    }

    @Override
    public Set<Tap> taps() {
      return gated ? EnumSet.of(Tap.COEFFICIENTS, Tap.GATE_AND_UP) : EnumSet.of(Tap.COEFFICIENTS);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      RunningSums sums = layers[layer.layer()];
      DeviceRows.forEach(batch, chunkRows, rows -> sums.add(layer, rows));
    }

    @Override
    public void finish(PartialSink sink) {
      for (int l = 0; l < layers.length; l++) {
        LayerSums sums = layers[l].toHost();
        for (int b = 0; b < Analysis.blocks(sums.neurons) && sums.count > 0; b++) {
          sink.put(l, b, sums.block(b, shard).pack());
        }
      }
    }

    @Override
    public void close() {
      script.close();
      manager.close();
    }
  }
}
