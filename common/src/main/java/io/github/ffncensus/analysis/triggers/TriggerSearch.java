package io.github.ffncensus.analysis.triggers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.BoundedAnalysis;
import io.github.ffncensus.analysis.Bounds;
import io.github.ffncensus.analysis.DeviceRows;
import io.github.ffncensus.analysis.Packed;
import io.github.ffncensus.analysis.RowBlock;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The exact top k trigger prefixes of every neuron (Geva et al., section 3): table {@code
 * trigger_prefixes}.
 */
public final class TriggerSearch implements BoundedAnalysis {
  private static final long serialVersionUID = 1L;

  /** What competes for a place among a neuron's triggers. */
  public enum Distinct {
    /** Each sequence's strongest prefix, the shortest of equals, as in the paper's code. */
    SEQUENCE,
    /** Every prefix. */
    PREFIX
  }

  private final int perNeuron;
  private final Distinct distinct;
  private final List<Polarity> polarities;
  private final int minPosition;

  /**
   * @param perNeuron k, for each polarity
   * @param minPosition text tokens that a prefix must have to compete, at least 1
   */
  public TriggerSearch(
      int perNeuron, Distinct distinct, List<Polarity> polarities, int minPosition) {
    this.perNeuron = perNeuron;
    this.distinct = distinct;
    this.polarities = List.copyOf(polarities);
    this.minPosition = minPosition;
  }

  @Override
  public String name() {
    return "trigger_prefixes";
  }

  @Override
  public ShardObserver observe(Transformer model, int shard) {
    return observe(model, noTriggers(model.architecture()));
  }

  @Override
  public ShardObserver observe(Transformer model, int shard, Bounds bounds) {
    return observe(model, noTriggers(model.architecture(), bounds));
  }

  private ShardObserver observe(Transformer model, TopTriggers[][] tops) {
    return model.device().isGpu() ? new OnDevice(model, tops) : new HostObserver(model, tops);
  }

  /** The observer for GPUs, which runs on any device. */
  ShardObserver onDevice(Transformer model) {
    return new OnDevice(model, noTriggers(model.architecture()));
  }

  /** The observer for GPUs with bounds. */
  ShardObserver onDevice(Transformer model, Bounds bounds) {
    return new OnDevice(model, noTriggers(model.architecture(), bounds));
  }

  @Override
  public byte[] merge(byte[] left, byte[] right) {
    Packed.Reader a = new Packed.Reader(left);
    Packed.Reader b = new Packed.Reader(right);
    Packed out = new Packed();
    int neurons = a.varInt();
    b.varInt();
    out.putVarLong(neurons);
    for (int p = 0; p < polarities.size(); p++) {
      TopTriggers top = new TopTriggers(neurons, perNeuron);
      top.offerAll(a);
      top.offerAll(b);
      top.write(out, 0, neurons);
    }
    return out.toByteArray();
  }

  /** The triggers of a fully merged block, by neuron, polarity and rank. */
  public List<Trigger> triggers(int layer, int block, byte[] packed) {
    List<TopTriggers> tops = unpack(packed);
    List<Trigger> triggers = new ArrayList<>();
    for (int neuron = 0; neuron < tops.get(0).bounds().length; neuron++) {
      for (int p = 0; p < polarities.size(); p++) {
        for (int index = 0; index < tops.get(p).size(neuron); index++) {
          triggers.add(
              tops.get(p).trigger(layer, block * BLOCK_NEURONS, neuron, polarities.get(p), index));
        }
      }
    }
    return triggers;
  }

  private List<TopTriggers> unpack(byte[] packed) {
    Packed.Reader in = new Packed.Reader(packed);
    int neurons = in.varInt();
    List<TopTriggers> tops = new ArrayList<>();
    for (int p = 0; p < polarities.size(); p++) {
      TopTriggers top = new TopTriggers(neurons, perNeuron);
      top.offerAll(in);
      tops.add(top);
    }
    return tops;
  }

  /**
   * The strength of each neuron's weakest trigger, where it has k of them: polarity by polarity,
   * the block's neurons each. What is as strong may still win, by its place in the corpus.
   */
  @Override
  public float[] bounds(byte[] merged) {
    List<TopTriggers> tops = unpack(merged);
    int neurons = tops.get(0).bounds().length;
    float[] bounds = new float[tops.size() * neurons];
    for (int p = 0; p < tops.size(); p++) {
      System.arraycopy(tops.get(p).bounds(), 0, bounds, p * neurons, neurons);
    }
    return bounds;
  }

  @Override
  public long candidates(byte[] packed) {
    Packed.Reader in = new Packed.Reader(packed);
    in.varInt();
    long candidates = 0;
    for (int p = 0; p < polarities.size(); p++) {
      candidates += TopTriggers.count(in);
    }
    return candidates;
  }

  /** Per polarity and layer, the triggers so far. */
  private TopTriggers[][] noTriggers(Architecture architecture) {
    return noTriggers(
        architecture, new Bounds(new float[architecture.layers()][blocksPerLayer(architecture)][]));
  }

  private TopTriggers[][] noTriggers(Architecture architecture, Bounds bounds) {
    TopTriggers[][] tops = new TopTriggers[polarities.size()][architecture.layers()];
    for (int p = 0; p < tops.length; p++) {
      for (int layer = 0; layer < architecture.layers(); layer++) {
        tops[p][layer] =
            new TopTriggers(
                architecture.intermediate(),
                perNeuron,
                ofLayer(bounds, layer, p, architecture.intermediate()));
      }
    }
    return tops;
  }

  /** A copy of a layer's bounds for one polarity, neuron by neuron. */
  private static float[] ofLayer(Bounds bounds, int layer, int polarity, int neurons) {
    float[] ofLayer = TopTriggers.noBounds(neurons);
    for (int block = 0; block < Analysis.blocks(neurons); block++) {
      float[] ofBlock = bounds.of(layer, block);
      int from = block * BLOCK_NEURONS;
      int width = Math.min(neurons - from, BLOCK_NEURONS);
      if (ofBlock != null) {
        System.arraycopy(ofBlock, polarity * width, ofLayer, from, width);
      }
    }
    return ofLayer;
  }

  private static void finish(TopTriggers[][] tops, int neurons, PartialSink sink) {
    for (int l = 0; l < tops[0].length; l++) {
      for (int b = 0; b < Analysis.blocks(neurons); b++) {
        int from = b * BLOCK_NEURONS;
        int to = Math.min(neurons, from + BLOCK_NEURONS);
        Packed out = new Packed();
        out.putVarLong(to - from);
        for (TopTriggers[] ofPolarity : tops) {
          ofPolarity[l].write(out, from, to);
        }
        sink.put(l, b, out.toByteArray());
      }
    }
  }

  private final class OnDevice implements DeviceObserver {
    private final NDManager manager;
    private final DeviceCandidates candidates;
    private final TopTriggers[][] tops;
    private final int neurons;

    OnDevice(Transformer model, TopTriggers[][] tops) {
      this.tops = tops;
      manager = model.newScope();
      candidates = new DeviceCandidates(manager, distinct);
      neurons = model.architecture().intermediate();
    }

    @Override
    public Set<Tap> taps() {
      return EnumSet.of(Tap.COEFFICIENTS);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      List<DeviceCandidates.Found> found = new ArrayList<>();
      try (NDManager scope = manager.newSubManager()) {
        NDArray excluded = DeviceRows.excluded(scope, batch, minPosition);
        for (int p = 0; p < tops.length; p++) {
          NDArray bounds = scope.create(tops[p][layer.layer()].bounds());
          found.add(candidates.find(layer.coefficients(), excluded, polarities.get(p), bounds));
        }
      }
      // Only now, with nothing left that can run out of device memory, anything is kept.
      for (int p = 0; p < tops.length; p++) {
        offer(tops[p][layer.layer()], found.get(p), batch);
      }
    }

    private static void offer(TopTriggers top, DeviceCandidates.Found found, TokenBatch batch) {
      for (int i = 0; i < found.row().length; i++) {
        top.offer(
            (int) found.neuron()[i],
            found.strength()[i],
            batch.sequences().get((int) found.row()[i]).id(),
            (int) found.position()[i]);
      }
    }

    @Override
    public void finish(PartialSink sink) {
      TriggerSearch.finish(tops, neurons, sink);
    }

    @Override
    public void close() {
      candidates.close();
      manager.close();
    }
  }

  private final class HostObserver implements RowObserver {
    private final TopTriggers[][] tops;
    private final int neurons;
    private final float[] strongest;

    HostObserver(Transformer model, TopTriggers[][] tops) {
      this.tops = tops;
      neurons = model.architecture().intermediate();
      strongest = new float[neurons];
    }

    @Override
    public void rows(int layer, RowBlock block) {
      for (int s = 0; s < block.sequences().size(); s++) {
        int from = block.start(s) + minPosition - 1;
        int to = block.start(s + 1);
        for (int p = 0; p < tops.length && from < to; p++) {
          if (distinct == Distinct.SEQUENCE) {
            offerStrongest(tops[p][layer], polarities.get(p), block, s, from, to);
          } else {
            offerAll(tops[p][layer], polarities.get(p), block, s, from, to);
          }
        }
      }
    }

    private void offerStrongest(
        TopTriggers top, Polarity polarity, RowBlock block, int s, int from, int to) {
      float[] x = block.coefficients();
      System.arraycopy(x, from * neurons, strongest, 0, neurons);
      for (int row = from + 1; row < to; row++) {
        if (polarity == Polarity.POSITIVE) {
          keepLargest(strongest, x, row * neurons);
        } else {
          keepSmallest(strongest, x, row * neurons);
        }
      }
      long sequence = block.sequences().get(s).id();
      float[] bounds = top.bounds();
      for (int i = 0; i < neurons; i++) {
        float strength = polarity.strength(strongest[i]);
        if (strength >= bounds[i]) {
          int row = from;
          while (x[row * neurons + i] != strongest[i]) {
            row++;
          }
          top.offer(i, strength, sequence, block.position(row));
        }
      }
    }

    private void offerAll(
        TopTriggers top, Polarity polarity, RowBlock block, int s, int from, int to) {
      float[] x = block.coefficients();
      long sequence = block.sequences().get(s).id();
      float[] bounds = top.bounds();
      for (int row = from; row < to; row++) {
        for (int i = 0; i < neurons; i++) {
          float strength = polarity.strength(x[row * neurons + i]);
          if (strength >= bounds[i]) {
            top.offer(i, strength, sequence, block.position(row));
          }
        }
      }
    }

    @Override
    public void finish(PartialSink sink) {
      TriggerSearch.finish(tops, neurons, sink);
    }
  }

  // Comparisons, as Math.max and Math.min take three times as long for their care about NaN.

  private static void keepLargest(float[] strongest, float[] x, int at) {
    for (int i = 0; i < strongest.length; i++) {
      float value = x[at + i];
      strongest[i] = value > strongest[i] ? value : strongest[i];
    }
  }

  private static void keepSmallest(float[] strongest, float[] x, int at) {
    for (int i = 0; i < strongest.length; i++) {
      float value = x[at + i];
      strongest[i] = value < strongest[i] ? value : strongest[i];
    }
  }
}
