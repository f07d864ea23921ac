package io.github.ffncensus.analysis.positions;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.Transformer;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How the memories of a layer add up to its output, and how predictions are refined from layer to
 * layer (Geva et al., section 5), at sampled positions: tables {@code layer_composition} and {@code
 * prediction_refinement}.
 */
public final class PositionAnalysis implements Analysis {
  private static final long serialVersionUID = 1L;

  private final PositionSample sample;
  private final Lens lens;
  private final TokenTraits.Source traits;

  /**
   * @param lens for r, y and o; what memories vote for is read with {@link Lens#ofValues}
   */
  public PositionAnalysis(PositionSample sample, Lens lens, TokenTraits.Source traits) {
    this.sample = sample;
    this.lens = lens;
    this.traits = traits;
  }

  @Override
  public String name() {
    return "sampled_positions";
  }

  @Override
  public ShardObserver observe(Transformer model, int shard) {
    return observe(
        model,
        position -> {
          // The sums by layer are all that is wanted.
        });
  }

  /**
   * As {@link #observe(Transformer, int)}, with the positions themselves going to a sink. Of a
   * model that cannot predict nothing is observed.
   */
  public ShardObserver observe(Transformer model, PositionSink sink) {
    return !model.hasHead()
        ? new Nothing()
        : new PositionObserver(model, sample, lens, traits.get(), sink, CentredEmbedding.of(model));
  }

  /** A layer's counts are one block. */
  @Override
  public int blocksPerLayer(Architecture architecture) {
    return 1;
  }

  @Override
  public byte[] merge(byte[] left, byte[] right) {
    LayerCounts counts = LayerCounts.unpack(left);
    counts.add(LayerCounts.unpack(right));
    return counts.pack();
  }

  /** Asks for nothing and leaves nothing. */
  private static final class Nothing implements DeviceObserver {
    @Override
    public Set<Tap> taps() {
      return EnumSet.noneOf(Tap.class);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      // Looks at nothing.
    }

    @Override
    public void finish(PartialSink sink) {
      // Has nothing to hand over.
    }
  }

  /** The numbers of a fully merged layer: rows of {@code position_counts}. */
  public static void forEachCount(byte[] packed, CountSink sink) {
    LayerCounts.unpack(packed).forEach(sink);
  }

  /**
   * A layer's block from rows of {@code position_counts}, of one run or several.
   *
   * @param rows is given the sink of the rows
   */
  public static byte[] ofCounts(int neurons, Consumer<CountSink> rows) {
    LayerCounts counts = new LayerCounts(neurons);
    rows.accept(counts::add);
    return counts.pack();
  }

  /** The row of a fully merged layer in {@code layer_composition}. */
  public static CompositionRow composition(int layer, byte[] packed) {
    return LayerCounts.unpack(packed).composition(layer);
  }

  /** The row of a fully merged layer in {@code prediction_refinement}. */
  public static RefinementRow refinement(int layer, byte[] packed) {
    return LayerCounts.unpack(packed).refinement(layer);
  }
}
