package io.github.ffncensus.model;

import ai.djl.engine.EngineException;
import java.util.Locale;

/** Tells a full device from other failures of the engine, which has one exception for all. */
public final class DeviceMemory {
  private DeviceMemory() {}

  /** Whether an operation failed because the device, or the host for a CPU, had no memory left. */
  public static boolean isExhausted(EngineException e) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("out of memory") || message.contains("can't allocate memory");
  }
}
