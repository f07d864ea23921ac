package io.github.ffncensus.knowledge.attribution;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.Transformer;

/**
 * b: the coefficients at which paths begin.
 *
 * @param values (layers, neurons), or null for zero
 */
record Baseline(Transformer model, float[][] values) {

  /** y(b) of a layer, float32 (1, 1, 1, hidden); belongs to the scope. */
  NDArray ffnOutput(int layer, NDManager scope) {
    NDArray b = coefficients(layer, scope).reshape(1, 1, 1, -1);
    NDArray y = model.widened(model.ffnOutput(layer, b));
    y.attach(scope);
    return y;
  }

  /**
   * c - b.
   *
   * @param coefficients float32 (..., neurons)
   * @return belongs to the scope
   */
  NDArray difference(int layer, NDArray coefficients, NDManager scope) {
    NDArray difference = coefficients.sub(coefficients(layer, scope));
    difference.attach(scope);
    return difference;
  }

  private NDArray coefficients(int layer, NDManager scope) {
    return values == null
        ? scope.zeros(new Shape(model.architecture().intermediate()), DataType.FLOAT32)
        : scope.create(values[layer]);
  }
}
