package io.github.ffncensus.interpret.perturbations;

import io.github.ffncensus.SeededHash;
import java.io.Serializable;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Which neurons of a layer are perturbed: those with the smallest hashes of seed, layer and neuron.
 * With the same seed, a larger sample holds every smaller one.
 *
 * @param perLayer neurons of each layer; 0 means all
 */
public record NeuronSample(int perLayer, long seed) implements Serializable {
  private static final int SALT = 3;

  /**
   * The chosen neurons of a layer.
   *
   * @param neurons of the layer
   */
  public BitSet of(int layer, int neurons) {
    BitSet chosen = new BitSet(neurons);
    if (perLayer == 0 || perLayer >= neurons) {
      chosen.set(0, neurons);
      return chosen;
    }
    IntStream.range(0, neurons)
        .boxed()
        .sorted(
            Comparator.comparingLong((Integer neuron) -> SeededHash.of(seed, SALT, layer, neuron))
                .thenComparingInt(neuron -> neuron))
        .limit(perLayer)
        .forEach(chosen::set);
    return chosen;
  }
}
