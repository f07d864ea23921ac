package io.github.ffncensus.analysis.activations;

import io.github.ffncensus.analysis.Analysis.PartialSink;
import io.github.ffncensus.analysis.Analysis.RowObserver;
import io.github.ffncensus.analysis.RowBlock;
import io.github.ffncensus.analysis.activations.ActivationMode.All;
import io.github.ffncensus.analysis.activations.ActivationMode.Neuron;
import io.github.ffncensus.analysis.activations.ActivationMode.Neurons;
import io.github.ffncensus.analysis.activations.ActivationMode.Threshold;
import io.github.ffncensus.analysis.activations.ActivationMode.Top;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.model.TokenSequence;
import java.util.stream.IntStream;

/**
 * The per-token record: table {@code activations}. Rows are streamed to a sink as they come, so
 * nothing accumulates and nothing is left to merge.
 */
public final class ActivationRecorder implements RowObserver {
  private final LayerRecorder[] layers;

  /**
   * @param sink takes the rows, batch by batch, in no order that matters
   */
  public ActivationRecorder(ActivationMode mode, Architecture architecture, ActivationSink sink) {
    layers = new LayerRecorder[architecture.layers()];
    for (int l = 0; l < layers.length; l++) {
      layers[l] = new LayerRecorder(l, selection(mode, l, architecture.intermediate()), sink);
    }
  }

  private static Selection selection(ActivationMode mode, int layer, int width) {
    if (mode instanceof Top top) {
      return largest(new TopSelector(top.perToken(), width), width);
    } else if (mode instanceof Threshold threshold) {
      return above(threshold.threshold(), width);
    } else if (mode instanceof Neurons chosen) {
      return chosen(
          chosen.neurons().stream()
              .filter(neuron -> neuron.layer() == layer)
              .mapToInt(Neuron::neuron)
              .distinct()
              .sorted()
              .toArray());
    } else if (mode instanceof All) {
      return chosen(IntStream.range(0, width).toArray());
    }
    throw new IllegalArgumentException("unknown mode " + mode);
  }

  @Override
  public void rows(int layer, RowBlock block) {
    layers[layer].record(block);
  }

  @Override
  public void finish(PartialSink sink) {
    // Everything went to the activation sink already.
  }

  /** Chooses entries of one row. */
  private interface Selection {
    int select(float[] x, int at);

    int[] neurons();

    float[] coefficients();
  }

  private static Selection largest(TopSelector selector, int width) {
    return new Selection() {
      @Override
      public int select(float[] x, int at) {
        return selector.select(x, at, width);
      }

      @Override
      public int[] neurons() {
        return selector.neurons;
      }

      @Override
      public float[] coefficients() {
        return selector.values;
      }
    };
  }

  private static Selection above(float threshold, int width) {
    return new ArraySelection(new int[width], new float[width]) {
      @Override
      public int select(float[] x, int at) {
        int count = 0;
        for (int i = 0; i < width; i++) {
          if (x[at + i] > threshold) {
            neurons()[count] = i;
            coefficients()[count++] = x[at + i];
          }
        }
        return count;
      }
    };
  }

  private static Selection chosen(int[] neurons) {
    return new ArraySelection(neurons, new float[neurons.length]) {
      @Override
      public int select(float[] x, int at) {
        for (int i = 0; i < neurons.length; i++) {
          coefficients()[i] = x[at + neurons[i]];
        }
        return neurons.length;
      }
    };
  }

  private abstract static class ArraySelection implements Selection {
    private final int[] neurons;
    private final float[] coefficients;

    ArraySelection(int[] neurons, float[] coefficients) {
      this.neurons = neurons;
      this.coefficients = coefficients;
    }

    @Override
    public int[] neurons() {
      return neurons;
    }

    @Override
    public float[] coefficients() {
      return coefficients;
    }
  }

  private record LayerRecorder(int layer, Selection selection, ActivationSink sink) {

    void record(RowBlock block) {
      for (int s = 0; s < block.sequences().size(); s++) {
        TokenSequence sequence = block.sequences().get(s);
        for (int row = block.start(s); row < block.start(s + 1); row++) {
          int count = selection.select(block.coefficients(), row * block.neurons());
          if (count > 0) {
            int position = block.position(row);
            sink.accept(
                layer,
                sequence.id(),
                position,
                sequence.tokens()[position],
                selection.neurons(),
                selection.coefficients(),
                count);
          }
        }
      }
    }
  }
}
