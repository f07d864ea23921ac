package io.github.ffncensus.knowledge.attribution;

import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.EncodedPrompt;

/**
 * What a prompt's answer owes to each neuron.
 *
 * @param answer what the model answers before any intervention
 * @param pieceLogProbabilities log p(y_j) of each answer token
 * @param pieceRanks of each answer token at its position, from 1
 * @param full F(1): the target in the clean pass
 * @param zeroed by layer, F_l(0): the target with the layer's coefficients at the baseline
 * @param coefficients c, (layers, neurons): mean over the answer's positions, clean pass
 * @param attributions Attr, (layers, neurons), in the target's unit
 */
public record PromptAttribution(
    EncodedPrompt prompt,
    AnswerReading answer,
    double[] pieceLogProbabilities,
    int[] pieceRanks,
    double full,
    double[] zeroed,
    float[][] coefficients,
    float[][] attributions) {

  /** Sum of a layer's attributions. */
  public double sum(int layer) {
    double sum = 0;
    for (float attribution : attributions[layer]) {
      sum += attribution;
    }
    return sum;
  }

  /** What a layer's attributions miss of F(1) - F_l(0): 0 in the limit of many steps. */
  public double residual(int layer) {
    return sum(layer) - (full - zeroed[layer]);
  }

  /** The largest attribution of all layers, signed. */
  public float maximum() {
    float maximum = Float.NEGATIVE_INFINITY;
    for (float[] layer : attributions) {
      for (float attribution : layer) {
        maximum = Math.max(maximum, attribution);
      }
    }
    return maximum;
  }
}
