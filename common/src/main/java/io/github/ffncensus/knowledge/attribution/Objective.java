package io.github.ffncensus.knowledge.attribution;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.knowledge.AnswerScores;
import io.github.ffncensus.model.Transformer;

/**
 * F of all units of a batch, as a function of the last layer's states at the lanes' slots.
 *
 * @param tokens y, int64 (lanes, 1, slots, 1); anything where a slot does not count
 * @param foils z, likewise; null without a contrast
 * @param shares 1/n where a slot predicts one of its unit's n tokens, else 0; (lanes, 1, slots)
 * @param unitsOfLanes 1 where a lane belongs to a unit, else 0; (units, lanes)
 */
record Objective(
    Transformer model,
    AnswerScores scores,
    AttributionTarget target,
    NDArray tokens,
    NDArray foils,
    NDArray shares,
    NDArray unitsOfLanes) {

  /**
   * F. The head is evaluated for all rows in one product. Gradients flow through it.
   *
   * @param states (lanes, steps, slots, hidden), in the model's precision; belongs to the scope
   *     that will own everything made here
   * @return float32 (units, steps)
   */
  NDArray of(NDArray states) {
    Shape shape = states.getShape();
    Shape perSlot = new Shape(shape.get(0), shape.get(1), shape.get(2), 1);
    NDManager scope = states.getManager();
    NDArray logits = model.logits(states);
    NDArray y = repeated(tokens, perSlot, scope);
    NDArray values =
        target == AttributionTarget.CONTRAST
            ? scores.contrasts(logits, y, repeated(foils, perSlot, scope))
            : scores.logProbabilities(logits, y);
    NDArray ofLanes = values.squeeze(3).mul(shares).sum(new int[] {2});
    NDArray means = unitsOfLanes.matMul(ofLanes);
    means.attach(scope);
    return target == AttributionTarget.PROBABILITY ? means.exp() : means;
  }

  private static NDArray repeated(NDArray ofLanes, Shape shape, NDManager scope) {
    NDArray repeated = ofLanes.broadcast(shape);
    repeated.attach(scope);
    return repeated;
  }
}
