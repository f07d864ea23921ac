package io.github.ffncensus.knowledge.opendomain;

import java.io.Serializable;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** The neurons of a fact that are read: those that any method has found, each once. */
public final class FactNeurons implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Comparator<Neuron> ORDER =
      Comparator.comparingInt(Neuron::layer).thenComparingInt(Neuron::index);

  private final Neuron[] neurons;
  private final int[][] ofMethod;

  /** A neuron's address: its layer and its index in the layer, both from 0. */
  public record Neuron(int layer, int index) implements Serializable {}

  private FactNeurons(Neuron[] neurons, int[][] ofMethod) {
    this.neurons = neurons;
    this.ofMethod = ofMethod;
  }

  /**
   * @param byMethod the neurons of each method, in any order
   */
  public static FactNeurons of(List<? extends Collection<Neuron>> byMethod) {
    TreeSet<Neuron> all = new TreeSet<>(ORDER);
    byMethod.forEach(all::addAll);
    List<Neuron> sorted = List.copyOf(all);
    int[][] ofMethod =
        byMethod.stream()
            .map(own -> own.stream().distinct().mapToInt(sorted::indexOf).sorted().toArray())
            .toArray(int[][]::new);
    return new FactNeurons(sorted.toArray(Neuron[]::new), ofMethod);
  }

  /** Number of neurons. */
  public int size() {
    return neurons.length;
  }

  /** By layer, then by index. */
  public Neuron get(int i) {
    return neurons[i];
  }

  /** Places of a method's neurons among all, ascending. */
  public int[] of(int method) {
    return ofMethod[method].clone();
  }

  /** The place of the first neuron of this layer or a later one. */
  int first(int layer) {
    int i = 0;
    while (i < neurons.length && neurons[i].layer() < layer) {
      i++;
    }
    return i;
  }

  /** Mean over a method's neurons; NaN if it has none. */
  double mean(double[] values, int method) {
    double sum = 0;
    for (int i : ofMethod[method]) {
      sum += values[i];
    }
    return sum / ofMethod[method].length;
  }

  boolean has(int method) {
    return ofMethod[method].length > 0;
  }
}
