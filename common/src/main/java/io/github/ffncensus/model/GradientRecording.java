package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * While it is open, the calling thread's operations on a leaf are recorded, for one backward pass.
 *
 * <p>The engine's own collector is one per process; this is one per thread, so that tasks compute
 * side by side. Nothing but leaves has gradients: weights are never asked for theirs.
 */
public final class GradientRecording implements AutoCloseable {

  public GradientRecording() {
    TorchEngine.prepareThread();
    JniUtils.setGradMode(true);
  }

  /** Asks for the gradient with respect to an array that was not made from another leaf. */
  public void leaf(NDArray array) {
    array.setRequiresGradient(true);
  }

  /**
   * Gradient of the sum of all elements of a target; the record is used up.
   *
   * @param target float32
   * @return d(sum of target) / d(leaf), of the leaf's shape, manager and precision
   */
  public NDArray gradient(NDArray target, NDArray leaf) {
    JniUtils.setGradMode(false);
    try (NDManager scope = target.getManager().newSubManager()) {
      NDArray ones = scope.ones(target.getShape(), DataType.FLOAT32);
      JniUtils.backward((PtNDArray) target, (PtNDArray) ones, false, false);
    }
    return leaf.getGradient();
  }

  /** Stops recording. */
  @Override
  public void close() {
    JniUtils.setGradMode(false);
  }
}
