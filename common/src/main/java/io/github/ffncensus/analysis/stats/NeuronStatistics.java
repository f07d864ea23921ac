package io.github.ffncensus.analysis.stats;

import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.DeviceRows;
import io.github.ffncensus.analysis.RowBlock;
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
    return model.device().isGpu() ? onDevice(model, shard) : new HostObserver(model, shard);
  }

  /** The observer for GPUs, which runs on any device. */
  static ShardObserver onDevice(Transformer model, int shard) {
    return new OnDevice(model, shard);
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

  private static void finish(LayerSums[] layers, int shard, PartialSink sink) {
    for (int l = 0; l < layers.length; l++) {
      for (int b = 0; b < Analysis.blocks(layers[l].neurons) && layers[l].count > 0; b++) {
        sink.put(l, b, layers[l].block(b, shard).pack());
      }
    }
  }

  private static final class HostObserver implements RowObserver {
    private final LayerSums[] layers;
    private final int shard;
    private final boolean gated;

    HostObserver(Transformer model, int shard) {
      this.shard = shard;
      this.gated = model.architecture().gated();
      layers = new LayerSums[model.architecture().layers()];
      Arrays.setAll(layers, l -> new LayerSums(model.architecture().intermediate(), gated));
    }

    @Override
    public boolean needsUp() {
      return gated;
    }

    @Override
    public void rows(int layer, RowBlock block) {
      layers[layer].add(block);
    }

    @Override
    public void finish(PartialSink sink) {
      NeuronStatistics.finish(layers, shard, sink);
    }
  }

  private static final class OnDevice implements DeviceObserver {
    /** Bounds the memory of the bucket numbers, eight bytes per coefficient. */
    private static final int CHUNK_ROWS = 1024;

    private final NDManager manager;
    private final ScriptModule script;
    private final DeviceSums[] layers;
    private final int shard;
    private final boolean gated;

    OnDevice(Transformer model, int shard) {
      this.shard = shard;
      this.gated = model.architecture().gated();
      manager = model.newScope();
      script = new ScriptModule(manager, DeviceSums.CLASS_NAME, DeviceSums.SOURCE);
      layers = new DeviceSums[model.architecture().layers()];
      Arrays.setAll(
          layers, l -> new DeviceSums(script, manager, model.architecture().intermediate(), gated));
    }

    @Override
    public Set<Tap> taps() {
      return gated ? EnumSet.of(Tap.COEFFICIENTS, Tap.GATE_AND_UP) : EnumSet.of(Tap.COEFFICIENTS);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      DeviceSums sums = layers[layer.layer()];
      DeviceRows.forEach(batch, CHUNK_ROWS, rows -> sums.add(layer, rows));
    }

    @Override
    public void finish(PartialSink sink) {
      LayerSums[] onHost = new LayerSums[layers.length];
      Arrays.setAll(onHost, l -> layers[l].toHost());
      NeuronStatistics.finish(onHost, shard, sink);
    }

    @Override
    public void close() {
      script.close();
      manager.close();
    }
  }
}
