package io.github.ffncensus.interpret.perturbations;

import java.util.Optional;

/**
 * What removing a token did to a trigger.
 *
 * @param effect empty if undefined: there is no such token, or nothing real is left to read at
 */
public record Perturbation(Winner winner, Removal removal, Optional<Effect> effect) {

  /**
   * Coefficients before and after.
   *
   * @param removedPosition in the winner's sequence, from 0
   * @param removedToken its id
   * @param reread the winner's coefficient as this run read it again in the whole text; within the
   *     rounding of the model's precision it is the coefficient that the scan found
   * @param perturbed the neuron's coefficient without the token
   * @param control another neuron of the layer, drawn at random, read at the same places
   * @param controlCoefficient before
   * @param controlPerturbed without the token
   */
  public record Effect(
      int removedPosition,
      int removedToken,
      float reread,
      float perturbed,
      int control,
      float controlCoefficient,
      float controlPerturbed) {}

  /**
   * (c' - c) / c with the scan's c; -1 means that the neuron fell silent. Below -1 only where
   * coefficients can be negative.
   */
  public double relativeChange() {
    double before = winner.coefficient();
    return (effect.orElseThrow().perturbed() - before) / before;
  }

  /**
   * How far the control moved, in units of the winner's coefficient: its own may be zero or near
   * it.
   */
  public double controlChange() {
    Effect e = effect.orElseThrow();
    return ((double) e.controlPerturbed() - e.controlCoefficient()) / winner.coefficient();
  }
}
