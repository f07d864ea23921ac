package io.github.ffncensus.analysis.triggers;

import io.github.ffncensus.analysis.Packed;
import java.util.Arrays;

/**
 * The strongest triggers of a range of neurons, exact under the total order (strength descending,
 * sequence, position): whatever the order of arrival, the same entries remain.
 */
final class TopTriggers {
  /** Only strengths above zero qualify, and this is the least of them. */
  static final float LEAST_STRENGTH = Float.MIN_VALUE;

  private final int neurons;
  private final int perNeuron;
  private final int[] sizes;
  private final float[] strengths;
  private final long[] sequences;
  private final int[] positions;
  private final float[] bounds;

  TopTriggers(int neurons, int perNeuron) {
    this(neurons, perNeuron, noBounds(neurons));
  }

  /**
   * @param bounds per neuron, at least {@link #LEAST_STRENGTH}: a strength below it never enters;
   *     owned and raised by this object
   */
  TopTriggers(int neurons, int perNeuron, float[] bounds) {
    this.neurons = neurons;
    this.bounds = bounds;
    this.perNeuron = perNeuron;
    int capacity = Math.multiplyExact(neurons, perNeuron);
    sizes = new int[neurons];
    strengths = new float[capacity];
    sequences = new long[capacity];
    positions = new int[capacity];
  }

  static float[] noBounds(int neurons) {
    float[] bounds = new float[neurons];
    Arrays.fill(bounds, LEAST_STRENGTH);
    return bounds;
  }

  /** Per neuron, the strength below which nothing can enter any more. Read-only. */
  float[] bounds() {
    return bounds;
  }

  /** Offers a candidate; keeps it if it is among the strongest so far. */
  void offer(int neuron, float strength, long sequence, int position) {
    // Written so that NaN fails too.
    if (!(strength >= bounds[neuron])) {
      return;
    }
    int start = neuron * perNeuron;
    int size = sizes[neuron];
    int at = start + size;
    while (at > start && precedes(strength, sequence, position, at - 1)) {
      at--;
    }
    if (at == start + perNeuron) {
      return;
    }
    int moved = start + Math.min(size, perNeuron - 1) - at;
    System.arraycopy(strengths, at, strengths, at + 1, moved);
    System.arraycopy(sequences, at, sequences, at + 1, moved);
    System.arraycopy(positions, at, positions, at + 1, moved);
    strengths[at] = strength;
    sequences[at] = sequence;
    positions[at] = position;
    if (size < perNeuron) {
      sizes[neuron] = ++size;
    }
    if (size == perNeuron) {
      bounds[neuron] = strengths[start + perNeuron - 1];
    }
  }

  private boolean precedes(float strength, long sequence, int position, int other) {
    if (strength != strengths[other]) {
      return strength > strengths[other];
    }
    return sequence != sequences[other] ? sequence < sequences[other] : position < positions[other];
  }

  int size(int neuron) {
    return sizes[neuron];
  }

  /**
   * @param index from 0, strongest first
   */
  Trigger trigger(int layer, int firstNeuron, int neuron, Polarity polarity, int index) {
    int at = neuron * perNeuron + index;
    return new Trigger(
        layer,
        firstNeuron + neuron,
        polarity,
        index + 1,
        polarity.strength(strengths[at]),
        sequences[at],
        positions[at]);
  }

  /** Packs neurons {@code from} to {@code to}. */
  void write(Packed out, int from, int to) {
    out.putVarLong(to - from);
    for (int neuron = from; neuron < to; neuron++) {
      out.putVarLong(sizes[neuron]);
      int start = neuron * perNeuron;
      for (int at = start; at < start + sizes[neuron]; at++) {
        out.putFloat(strengths[at]).putVarLong(sequences[at]).putVarLong(positions[at]);
      }
    }
  }

  /** Number of triggers that {@link #write} packed. */
  static long count(Packed.Reader in) {
    long count = 0;
    for (int neuron = in.varInt(); neuron > 0; neuron--) {
      int entries = in.varInt();
      count += entries;
      for (; entries > 0; entries--) {
        in.getFloat();
        in.varLong();
        in.varInt();
      }
    }
    return count;
  }

  /** Offers everything that {@link #write} packed. */
  void offerAll(Packed.Reader in) {
    int packed = in.varInt();
    if (packed != neurons) {
      throw new IllegalStateException("a block of " + packed + " neurons, expected " + neurons);
    }
    for (int neuron = 0; neuron < neurons; neuron++) {
      for (int entries = in.varInt(); entries > 0; entries--) {
        offer(neuron, in.getFloat(), in.varLong(), in.varInt());
      }
    }
  }
}
