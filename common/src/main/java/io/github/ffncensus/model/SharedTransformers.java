package io.github.ffncensus.model;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
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
   * @param weightsSha256 of the weights that the run was started with
   * @throws CensusException of kind INPUT if the folder here holds others
   */
  public static Transformer get(
      Path folder, String weightsSha256, Device device, Precision precision) {
    return LOADED.computeIfAbsent(
        new Key(folder.toAbsolutePath(), weightsSha256, device, precision),
        key -> load(ModelFolder.open(folder), weightsSha256, device, precision));
  }

  private static Transformer load(
      ModelFolder folder, String weightsSha256, Device device, Precision precision) {
    if (!folder.weightsSha256().equals(weightsSha256)) {
      throw CensusException.input(
          folder.path()
              + " on this machine holds other weights (SHA-256 "
              + folder.weightsSha256()
              + ") than the run was started with ("
              + weightsSha256
              + "); every executor needs the same model folder");
    }
    return TransformerLoader.load(folder, device, precision);
  }
}
