package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.knowledge.refinement.CoarseRule;
import java.util.ArrayList;
import java.util.List;

/**
 * The scores of one prompt by one method: their maximum, the prompt's threshold, and those that are
 * stored.
 *
 * @param maximum largest score, signed, all layers together
 * @param threshold NaN if no score reaches it
 */
record NeuronScores(float maximum, double threshold, List<Stored> stored) {

  /**
   * A neuron whose score is stored.
   *
   * @param attribution its attribution, whatever the score is
   * @param activation its coefficient
   */
  record Stored(int layer, int neuron, float attribution, float activation) {}

  /**
   * @param scores what decides, (layers, neurons)
   * @param cut part of the maximum below which scores are left out unless they reach the threshold
   * @param attributions (layers, neurons)
   * @param activations (layers, neurons)
   */
  static NeuronScores of(
      float[][] scores,
      CoarseRule rule,
      double cut,
      float[][] attributions,
      float[][] activations) {
    float maximum = Float.NEGATIVE_INFINITY;
    for (float[] layer : scores) {
      for (float score : layer) {
        maximum = Math.max(maximum, score);
      }
    }
    double threshold = rule.threshold(maximum, rule.needsAll() ? flat(scores) : null);
    double least = maximum > 0 ? cut * maximum : Double.POSITIVE_INFINITY;
    List<Stored> stored = new ArrayList<>();
    for (int l = 0; l < scores.length; l++) {
      for (int i = 0; i < scores[l].length; i++) {
        double score = scores[l][i];
        if (Math.abs(score) >= least || rule.reaches(score, threshold)) {
          stored.add(new Stored(l, i, attributions[l][i], activations[l][i]));
        }
      }
    }
    return new NeuronScores(maximum, threshold, stored);
  }

  private static float[] flat(float[][] layers) {
    float[] all = new float[layers.length * layers[0].length];
    for (int l = 0; l < layers.length; l++) {
      System.arraycopy(layers[l], 0, all, l * layers[0].length, layers[0].length);
    }
    return all;
  }
}
