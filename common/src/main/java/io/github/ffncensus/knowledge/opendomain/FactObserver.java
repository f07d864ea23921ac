package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.analysis.Analysis.DeviceObserver;
import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.analysis.CoefficientGather;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the coefficients of facts' neurons, and of no others. */
final class FactObserver implements DeviceObserver {
  private final CoefficientGather gather;

  /** By the object: several texts of a corpus sequence have its id. */
  private final Map<TokenSequence, List<Slot>> wanted = new IdentityHashMap<>();

  FactObserver(Transformer model) {
    gather = new CoefficientGather(model);
  }

  /** A fact's neurons at some positions of a text; it has values after the text was run. */
  static final class Slot {
    private final FactNeurons neurons;
    private final int[] positions;
    private final double[] sums;

    Slot(FactNeurons neurons, int[] positions) {
      this.neurons = neurons;
      this.positions = positions;
      this.sums = new double[neurons.size()];
    }

    int lastPosition() {
      return positions[positions.length - 1];
    }

    /** Per neuron the mean over the positions. */
    double[] values() {
      double[] means = sums.clone();
      for (int i = 0; i < means.length; i++) {
        means[i] /= positions.length;
      }
      return means;
    }
  }

  /** Says what to read in a sequence, before it is run. */
  void add(TokenSequence sequence, List<Slot> slots) {
    wanted.put(sequence, slots);
  }

  @Override
  public Set<Tap> taps() {
    return EnumSet.of(Tap.COEFFICIENTS);
  }

  @Override
  public void layer(LayerActivations layer, TokenBatch batch) {
    long[] indices = new long[count(layer.layer(), batch)];
    if (indices.length == 0) {
      return;
    }
    int[] next = {0};
    forEach(
        layer.layer(),
        batch,
        (row, slot, position, i) ->
            indices[next[0]++] = gather.index(batch, row, position, slot.neurons.get(i).index()));
    float[] values = gather.at(layer.coefficients(), indices);
    next[0] = 0;
    forEach(layer.layer(), batch, (row, slot, position, i) -> slot.sums[i] += values[next[0]++]);
  }

  /** Something to do with one coefficient of a batch. */
  @FunctionalInterface
  private interface Step {
    /**
     * @param i place of the neuron among those of the slot
     */
    void coefficient(int row, Slot slot, int position, int i);
  }

  private int count(int layer, TokenBatch batch) {
    int[] count = {0};
    forEach(layer, batch, (row, slot, position, i) -> count[0]++);
    return count[0];
  }

  /** Always in the same order. */
  private void forEach(int layer, TokenBatch batch, Step step) {
    for (int row = 0; row < batch.size(); row++) {
      for (Slot slot : wanted.get(batch.sequences().get(row))) {
        int end = slot.neurons.first(layer + 1);
        for (int i = slot.neurons.first(layer); i < end; i++) {
          for (int position : slot.positions) {
            step.coefficient(row, slot, position, i);
          }
        }
      }
    }
  }

  @Override
  public void finish(PartialSink partials) {
    // Everything is in the slots already.
  }

  @Override
  public void close() {
    gather.close();
  }
}
