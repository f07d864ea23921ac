package io.github.ffncensus.analysis.activations;

import java.io.Serializable;
import java.util.List;

/** Which coefficients of a token are recorded. */
public sealed interface ActivationMode extends Serializable {

  /**
   * The {@code perToken} largest of each layer, largest first, the lower neuron first among equals.
   */
  record Top(int perToken) implements ActivationMode {}

  /** All above a threshold, by neuron. */
  record Threshold(float threshold) implements ActivationMode {}

  /** Those of chosen neurons, by neuron, whatever their value. */
  record Neurons(List<Neuron> neurons) implements ActivationMode {}

  /** All of them. */
  record All() implements ActivationMode {}

  /** A neuron of the model. */
  record Neuron(int layer, int neuron) implements Serializable {}
}
