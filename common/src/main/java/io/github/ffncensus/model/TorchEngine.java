package io.github.ffncensus.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.NativeCache;

/** Start of the PyTorch engine in this process, and the settings that every thread needs. */
public final class TorchEngine {
  /** Grad mode and the graph optimiser are settings of a thread, not of the process. */
  private static final ThreadLocal<Boolean> PREPARED = ThreadLocal.withInitial(() -> false);

  private TorchEngine() {}

  /**
   * Prepares the calling thread for inference. Idempotent; the first call of the process starts the
   * engine and checks that its native library computes correctly.
   *
   * @throws CensusException if the engine does not start or computes nonsense
   */
  public static void prepareThread() {
    if (PREPARED.get()) {
      return;
    }
    Started.check();
    JniUtils.setGradMode(false);
    JniUtils.setGraphExecutorOptimize(false);
    PREPARED.set(true);
  }

  /** Number of CUDA devices that the engine sees. */
  static int gpuCount() {
    Started.check();
    return Engine.getEngine("PyTorch").getGpuCount();
  }

  static NDManager newManager(Device device) {
    return Engine.getEngine("PyTorch").newBaseManager(device);
  }

  /** Holder whose initialisation is the start of the engine, once per process. */
  private static final class Started {
    static {
      System.setProperty("ai.djl.offline", "true");
      System.setProperty("OPT_OUT_TRACKING", "true");
      // Tasks are the parallelism: an engine with threads of its own for each would fight over
      // cores.
      setIfAbsent("ai.djl.pytorch.num_threads", "1");
      setIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
      NativeCache.require();
      Engine.getEngine("PyTorch");
      refuseForeignLibrary();
    }

    private static void setIfAbsent(String property, String value) {
      if (System.getProperty(property) == null) {
        System.setProperty(property, value);
      }
    }

    static void check() {
      // The class initialiser does the work.
    }

    /** A libtorch of another version loads without an error and misreads floats. */
    private static void refuseForeignLibrary() {
      try (NDManager manager = newManager(Device.cpu())) {
        NDArray product =
            manager
                .create(new float[] {1, 2, 3, 4}, new Shape(2, 2))
                .matMul(manager.create(new float[] {0.5f, -1, 2, 0.25f}, new Shape(2, 2)));
        float[] expected = {4.5f, -0.5f, 9.5f, -2};
        if (!java.util.Arrays.equals(product.toFloatArray(), expected)) {
          throw CensusException.runFailed(
              "the native PyTorch library computes wrong results: it is not version 2.7.1;"
                  + " check PYTORCH_LIBRARY_PATH and PYTORCH_FLAVOR");
        }
      }
    }
  }
}
