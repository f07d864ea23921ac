package io.github.ffncensus.knowledge;

import io.github.ffncensus.SeededHash;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Neurons to compare with: as many in every layer as a given set has there, drawn uniformly from
 * the layer's others.
 */
public final class RandomNeurons {
  private RandomNeurons() {}

  /**
   * Draws a neuron for each of the set, in its order, none twice and none of the set itself; of the
   * set only where it leaves too few others in a layer.
   *
   * @param perLayer neurons of a layer
   * @param key what they are drawn for
   */
  public static List<Neuron> like(List<Neuron> set, int perLayer, long seed, long key) {
    List<Neuron> drawn = new ArrayList<>();
    Set<Neuron> taken = new HashSet<>();
    for (Neuron neuron : set) {
      long ofLayer = set.stream().filter(other -> other.layer() == neuron.layer()).count();
      Set<Neuron> excluded = 2 * ofLayer <= perLayer ? Set.copyOf(set) : Set.of();
      long draw = 0;
      Neuron candidate;
      do {
        int index = SeededHash.below(perLayer, seed, key, neuron.layer(), drawn.size(), draw++);
        candidate = new Neuron(neuron.layer(), index);
      } while (excluded.contains(candidate) || !taken.add(candidate));
      drawn.add(candidate);
    }
    return drawn;
  }
}
