package io.github.ffncensus.knowledge;

import java.io.Serializable;
import java.util.Comparator;

/**
 * A feed-forward neuron of a model.
 *
 * @param layer from 0
 * @param index in its layer, from 0
 */
public record Neuron(int layer, int index) implements Comparable<Neuron>, Serializable {
  private static final Comparator<Neuron> ORDER =
      Comparator.comparingInt(Neuron::layer).thenComparingInt(Neuron::index);

  @Override
  public int compareTo(Neuron other) {
    return ORDER.compare(this, other);
  }
}
