package io.github.ffncensus.model;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
import java.util.List;
import java.util.function.IntSupplier;

/** Which device a process computes on. */
public final class DeviceChoice {
  private static final String GPU = "gpu:";

  private DeviceChoice() {}

  /**
   * Resolves the setting {@code census.model.device}.
   *
   * @param setting {@code auto} (a GPU where there is one), {@code cpu}, or {@code gpu:N}
   * @param scheduled GPU addresses that the scheduler gave to this task; they go before {@code
   *     auto} and are the only GPUs it may use. Empty where none is scheduled.
   * @throws CensusException of kind CONFIGURATION if the device is not there
   */
  public static Device resolve(String setting, List<String> scheduled) {
    return resolve(setting, scheduled, TorchEngine::gpuCount);
  }

  static Device resolve(String setting, List<String> scheduled, IntSupplier gpuCount) {
    if (setting.equals("cpu")) {
      return Device.cpu();
    }
    if (setting.equals("auto")) {
      if (!scheduled.isEmpty()) {
        return gpu(address(scheduled.get(0)), "the scheduler assigned", gpuCount);
      }
      return gpuCount.getAsInt() > 0 ? Device.gpu(0) : Device.cpu();
    }
    if (!setting.startsWith(GPU)) {
      throw CensusException.configuration(
          "census.model.device = " + setting + ": must be auto, cpu or gpu:N");
    }
    return gpu(address(setting.substring(GPU.length())), "census.model.device asks for", gpuCount);
  }

  private static int address(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw CensusException.configuration(
          "\"" + text + "\" is not a GPU number; GPU addresses must be 0, 1, 2 ...", e);
    }
  }

  private static Device gpu(int number, String who, IntSupplier gpuCount) {
    int count = gpuCount.getAsInt();
    if (number < 0 || number >= count) {
      throw CensusException.configuration(
          who
              + " gpu:"
              + number
              + ", but the engine sees "
              + count
              + " GPUs; check the driver, PYTORCH_LIBRARY_PATH (the folder that has libtorch.so of"
              + " PyTorch 2.7.1 for CUDA 12.8) and PYTORCH_FLAVOR (cu128), or use"
              + " census.model.device = cpu");
    }
    return Device.gpu(number);
  }
}
