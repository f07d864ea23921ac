package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.Neuron;
import io.github.ffncensus.model.Architecture;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Neurons that a configuration lists. */
public final class ChosenNeurons {
  private ChosenNeurons() {}

  /**
   * Looks whether the model has them.
   *
   * @param key that lists them, in full
   * @throws CensusException of kind CONFIGURATION if it does not
   */
  public static void check(String key, List<Neuron> neurons, Architecture architecture) {
    neurons.stream()
        .filter(n -> n.layer() >= architecture.layers() || n.index() >= architecture.intermediate())
        .findFirst()
        .ifPresent(
            n -> {
              throw CensusException.configuration(
                  "%s: %d:%d is not in the model, which has layers 0 to %d with neurons 0 to %d"
                      .formatted(
                          key,
                          n.layer(),
                          n.index(),
                          architecture.layers() - 1,
                          architecture.intermediate() - 1));
            });
  }

  /** The listed ones of each layer. */
  public static BitSet[] byLayer(List<Neuron> neurons, Architecture architecture) {
    BitSet[] chosen = new BitSet[architecture.layers()];
    Arrays.setAll(chosen, layer -> new BitSet(architecture.intermediate()));
    neurons.forEach(neuron -> chosen[neuron.layer()].set(neuron.index()));
    return chosen;
  }
}
