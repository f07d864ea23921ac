package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Random;

/** Arrays of normally distributed values that are the same in every run of a test. */
public final class RandomArrays {
  private RandomArrays() {}

  /** Values with mean 0. */
  public static NDArray normal(NDManager manager, Random random, double deviation, long... shape) {
    Shape sizes = new Shape(shape);
    float[] values = new float[(int) sizes.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return manager.create(values, sizes);
  }
}
