package io.github.ffncensus.interpret.perturbations;

import io.github.ffncensus.model.TokenSequence;

/**
 * A positive trigger with the sequence that holds it.
 *
 * @param rank from 1, strongest first
 * @param coefficient as the scan found it, above zero
 * @param position of the trigger's last token in the sequence, from 0; a text token
 */
public record Winner(
    int layer, int neuron, int rank, float coefficient, TokenSequence sequence, int position) {

  public Winner {
    if (!(coefficient > 0)) {
      throw new IllegalArgumentException("a relative change needs a coefficient above zero");
    }
    if (sequence.special()[position]) {
      throw new IllegalArgumentException("a special token triggers nothing");
    }
  }
}
