package io.github.ffncensus.analysis.stats;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.RowBlock;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.Transformer;
import java.util.List;

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
    return new HostObserver(model.architecture(), shard);
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

  private static final class HostObserver implements RowObserver {
    private final LayerSums[] layers;
    private final int shard;
    private final boolean gated;

    HostObserver(Architecture architecture, int shard) {
      this.shard = shard;
      this.gated = architecture.gated();
      layers = new LayerSums[architecture.layers()];
      for (int l = 0; l < layers.length; l++) {
        layers[l] = new LayerSums(architecture.intermediate(), gated);
      }
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
      for (int l = 0; l < layers.length; l++) {
        for (int b = 0; b < Analysis.blocks(layers[l].neurons) && layers[l].count > 0; b++) {
          sink.put(l, b, layers[l].block(b, shard).pack());
        }
      }
    }
  }
}
