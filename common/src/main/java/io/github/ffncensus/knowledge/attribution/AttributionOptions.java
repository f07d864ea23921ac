package io.github.ffncensus.knowledge.attribution;

import java.io.Serializable;

/**
 * How attributions are calculated.
 *
 * @param steps m, points on the path
 * @param rowTokens most tokens that are run again at once: scaled copies times the positions of
 *     each that change above the layer. Bounds memory; changes no result
 */
public record AttributionOptions(
    StepRule rule,
    int steps,
    AttributionTarget target,
    TargetTokens tokens,
    AnswerPath path,
    int rowTokens)
    implements Serializable {

  public AttributionOptions {
    if (steps < rule.fewestSteps()) {
      throw new IllegalArgumentException(rule + " needs at least " + rule.fewestSteps() + " steps");
    }
    if (rowTokens < 1) {
      throw new IllegalArgumentException("no batch holds fewer than one token");
    }
  }

  /** The answer's probability by a rule, for models on a CPU. */
  public static AttributionOptions of(StepRule rule, int steps) {
    return new AttributionOptions(
        rule, steps, AttributionTarget.PROBABILITY, TargetTokens.GOLD, AnswerPath.JOINT, 2048);
  }
}
