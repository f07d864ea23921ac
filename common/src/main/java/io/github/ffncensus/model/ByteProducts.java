package io.github.ffncensus.model;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Whether products of bytes are much faster than those of floats: on processors with instructions
 * for them, which the engine uses. Elsewhere it has a plain loop, many times slower than floats.
 *
 * <p>Asked of the processor rather than measured, so that a machine always gives the same results.
 */
public final class ByteProducts {
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");
  private static final List<String> INSTRUCTIONS = List.of("avx512_vnni", "avx_vnni");
  private static final boolean FAST = hasInstructions();

  private ByteProducts() {}

  public static boolean fastOn(Device device) {
    return FAST && !device.isGpu();
  }

  private static boolean hasInstructions() {
    try (Stream<String> lines = Files.lines(PROCESSOR)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> Arrays.asList(line.split(" ")))
          .filter(flags -> INSTRUCTIONS.stream().anyMatch(flags::contains))
          .isPresent();
    } catch (IOException | RuntimeException e) {
      // Not Linux, or a processor that does not say: the slower way is always there.
      return false;
    }
  }
}
