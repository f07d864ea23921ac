package io.github.ffncensus.model;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The transformers of this process: one set of weights per model, device and precision, shared by
 * all tasks. They stay on the device as long as the process lives.
 */
public final class SharedTransformers {
  private static final ConcurrentHashMap<Key, Transformer> LOADED = new ConcurrentHashMap<>();

  private record Key(Path folder, String weightsSha256, Device device, Precision precision) {}

  private SharedTransformers() {}

  /**
   * The transformer of a folder, loaded by the first task that asks; the others wait for it.
   *
   * @param weightsSha256 identity of the weights, so that a process that outlives a run notices
   *     another model in the same place
   */
  public static Transformer get(
      Path folder, String weightsSha256, Device device, Precision precision) {
    return LOADED.computeIfAbsent(
        new Key(folder.toAbsolutePath(), weightsSha256, device, precision),
        key -> TransformerLoader.load(ModelFolder.open(folder), device, precision));
  }
}
