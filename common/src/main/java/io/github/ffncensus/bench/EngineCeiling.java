package io.github.ffncensus.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import io.github.ffncensus.model.RandomTransformer;
import io.github.ffncensus.model.TorchEngine;

/** What the engine reaches at best: float32 products of large square matrices. */
public final class EngineCeiling {
  private static final int SIZE = 2048;
  private static final int REPEATS = 3;

  /** Floating point operations of one {@link #multiply}. */
  static final double OPERATIONS = REPEATS * 2.0 * SIZE * SIZE * SIZE;

  private EngineCeiling() {}

  /** One measurement's work. */
  static void multiply(Device device) {
    try (NDManager manager = RandomTransformer.newScope(device)) {
      Shape shape = new Shape(SIZE, SIZE);
      NDArray a = manager.randomNormal(0, 1, shape, DataType.FLOAT32);
      NDArray b = manager.randomNormal(0, 1, shape, DataType.FLOAT32);
      for (int i = 0; i < REPEATS; i++) {
        NDArray product = Linear.linear(a, b, null).singletonOrThrow();
        // A device works asynchronously: reading a number waits for it.
        product.getFloat(0, 0);
        product.close();
      }
    }
  }

  /** GFLOP/s of one thread of this process, the second of two measurements. */
  public static double gflops(Device device) {
    TorchEngine.prepareThread();
    multiply(device);
    long start = System.nanoTime();
    multiply(device);
    return OPERATIONS / (System.nanoTime() - start);
  }
}
