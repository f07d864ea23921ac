package io.github.ffncensus.knowledge.attribution;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.GradientRecording;
import io.github.ffncensus.model.ResumablePass;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * The paths of all lanes of a batch through one layer, from the baseline b to the clean
 * coefficients c.
 *
 * <p>The FFN's output is linear in the coefficients: y(alpha) = y(c) + (alpha - 1) (y(c) - y(b)).
 * So the path is walked, and gradients are averaged, in y, which is narrower than c; the mean
 * gradient with respect to c is the product of the one with respect to y with each value vector.
 */
final class LayerPath {
  private final Transformer model;
  private final ResumablePass pass;
  private final int layer;
  private final Baseline baseline;
  private final NDArray slots;
  private final NDManager scope;
  private final NDArray clean;
  private final NDArray span;
  private final NDArray coefficients;

  /**
   * @param slots 1 where a slot counts, else 0: there nothing is scaled; float32 (lanes, slots)
   * @param scope to whom arrays belong
   */
  LayerPath(
      Transformer model,
      ResumablePass pass,
      int layer,
      Baseline baseline,
      NDArray slots,
      NDManager scope) {
    this.model = model;
    this.pass = pass;
    this.layer = layer;
    this.baseline = baseline;
    this.slots = slots;
    this.scope = scope;
    NDArray y = model.ffnOutput(layer, pass.coefficients(layer));
    y.attach(scope);
    clean = model.widened(y).expandDims(1);
    NDArray counting = slots.expandDims(1).expandDims(3);
    counting.attach(scope);
    span = clean.sub(baseline.ffnOutput(layer, scope)).mul(counting);
    coefficients = wide(pass.coefficients(layer));
  }

  private NDArray wide(NDArray ofPass) {
    NDArray wide = model.widened(ofPass);
    if (wide != ofPass) {
      wide.attach(scope);
    }
    return wide;
  }

  /**
   * The FFN's outputs at some points of the path.
   *
   * @return float32 (lanes, points, slots, hidden)
   */
  private NDArray outputs(double[] alphas, NDManager owner) {
    float[] back = new float[alphas.length];
    for (int k = 0; k < back.length; k++) {
      back[k] = (float) (alphas[k] - 1);
    }
    return owner.create(back, new Shape(1, back.length, 1, 1)).mul(span).add(clean);
  }

  /** The target at one point of the path, by unit. */
  float[] targetAt(double alpha, Objective objective, IntConsumer beforeRows) {
    try (NDManager step = scope.newSubManager()) {
      NDArray y = outputs(new double[] {alpha}, step);
      beforeRows.accept((int) y.getShape().get(0));
      return objective.of(pass.resume(layer, y, step)).toFloatArray();
    }
  }

  /**
   * Gradients with respect to y, averaged over the points.
   *
   * @param stepsAtOnce points of each lane that go through the model together
   * @param beforeRows told how many rows are about to run
   * @return float32 (lanes, slots, hidden)
   */
  NDArray meanGradient(
      double[] alphas, int stepsAtOnce, Objective objective, IntConsumer beforeRows) {
    NDArray sum = null;
    for (int from = 0; from < alphas.length; from += stepsAtOnce) {
      int to = Math.min(alphas.length, from + stepsAtOnce);
      try (NDManager step = scope.newSubManager()) {
        NDArray y = outputs(Arrays.copyOfRange(alphas, from, to), step);
        beforeRows.accept((int) y.getShape().get(0) * (to - from));
        NDArray gradients;
        try (GradientRecording recording = new GradientRecording()) {
          recording.leaf(y);
          NDArray target = objective.of(pass.resume(layer, y, step));
          gradients = recording.gradient(target, y);
        }
        NDArray ofSteps = gradients.sum(new int[] {1});
        sum = sum == null ? ofSteps : sum.add(ofSteps);
        sum.attach(scope);
      }
    }
    return sum.div(alphas.length);
  }

  /**
   * Attributions, summed over slots and lanes.
   *
   * @param meanGradient as {@link #meanGradient} gave it
   * @param groups weights of lanes, (groups, lanes)
   * @return by group, neurons long
   */
  float[][] attributions(NDArray meanGradient, NDArray groups) {
    NDArray gradients = model.coefficientGradients(layer, meanGradient);
    return summed(gradients.mul(baseline.difference(layer, coefficients, scope)), groups);
  }

  /**
   * Clean coefficients, summed over slots and lanes.
   *
   * @param groups weights of lanes, (groups, lanes)
   * @return by group, neurons long
   */
  float[][] coefficients(NDArray groups) {
    return summed(coefficients, groups);
  }

  /** From (lanes, slots, neurons) on the device to (groups, neurons) on the host. */
  private float[][] summed(NDArray bySlot, NDArray groups) {
    NDArray counting = slots.expandDims(2);
    counting.attach(scope);
    NDArray ofLanes = counting.mul(bySlot).sum(new int[] {1});
    NDArray ofGroups = groups.matMul(ofLanes);
    ofGroups.attach(scope);
    float[] all = ofGroups.toFloatArray();
    int neurons = (int) ofGroups.getShape().get(1);
    return IntStream.range(0, all.length / neurons)
        .mapToObj(g -> Arrays.copyOfRange(all, g * neurons, (g + 1) * neurons))
        .toArray(float[][]::new);
  }
}
