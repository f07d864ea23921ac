package io.github.ffncensus.model;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ModelFamily.Part;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Copies of a model folder in which some neurons have other value vectors. The weight files are the
 * original's, byte by byte, but for those vectors, which are rounded to the number format of their
 * tensor; so names, layout and files of a sharded set stay, and the Hugging Face library loads the
 * folder as it loads the original.
 */
public final class EditedFolder {
  /** Says what was edited; its presence is what makes a folder complete. */
  public static final String NOTE = "ffn_census_edit.json";

  /** Weights in other formats, which would still be those of the original. */
  private static final Set<String> OTHER_WEIGHTS =
      Set.of("bin", "h5", "msgpack", "ot", "onnx", "gguf", "pt", "pth", "ckpt", "safetensors");

  private EditedFolder() {}

  /**
   * Writes a copy, aside and then by a rename; nothing if the same one is there already.
   *
   * @param target must not exist, or be of an earlier attempt with the same note
   * @param edits a neuron at most once
   * @param note what was edited, JSON
   * @throws CensusException of kind CONFIGURATION if the target is something else, of kind
   *     RUN_FAILED if it cannot be written
   */
  public static void write(ModelFolder source, Path target, List<ValueVector> edits, String note) {
    requireFree(target, note);
    if (Files.exists(target)) {
      return;
    }
    Path aside = target.resolveSibling("_" + target.getFileName());
    try {
      deleteFolder(aside);
      Files.createDirectories(aside);
      copyFiles(source, aside);
      for (ValueVector edit : edits) {
        patch(source, aside, edit);
      }
      Files.writeString(aside.resolve(NOTE), note);
      Files.move(aside, target);
    } catch (IOException e) {
      throw CensusException.runFailed(
          "cannot write the edited model to " + target + ": " + e.getMessage(), e);
    }
  }

  /**
   * Checks that a copy can be written, or is there already.
   *
   * @throws CensusException of kind CONFIGURATION if not
   */
  public static void requireFree(Path target, String note) {
    if (!Files.exists(target)) {
      return;
    }
    try {
      Path existing = target.resolve(NOTE);
      if (Files.isRegularFile(existing) && Files.readString(existing).equals(note)) {
        return;
      }
    } catch (IOException e) {
      throw CensusException.runFailed("cannot read " + target + ": " + e.getMessage(), e);
    }
    throw CensusException.configuration(
        target
            + " exists and is not the edited model that is to be written there; name another"
            + " folder, or delete it");
  }

  private static void deleteFolder(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void copyFiles(ModelFolder source, Path target) throws IOException {
    List<Path> weights = source.checkpoint().files();
    try (Stream<Path> files = Files.list(source.path())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = file.getFileName().toString();
        boolean otherWeights =
            OTHER_WEIGHTS.contains(name.substring(name.lastIndexOf('.') + 1))
                && weights.stream().noneMatch(path -> path.getFileName().toString().equals(name));
        if (!otherWeights && !name.equals(NOTE)) {
          Files.copy(file, target.resolve(name));
        }
      }
    }
  }

  private static void patch(ModelFolder source, Path target, ValueVector edit) throws IOException {
    Checkpoint.Entry tensor = source.tensor(Part.DOWN, edit.layer(), ".weight").orElseThrow();
    Path file = target.resolve(tensor.file().getFileName());
    byte[] vector = encode(edit.values(), tensor.dtype());
    int width = vector.length / edit.values().length;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (source.family().transposedLinear()) {
        write(
            channel,
            ByteBuffer.wrap(vector),
            tensor.offset() + (long) edit.neuron() * vector.length);
        return;
      }
      long rowBytes = tensor.shape()[1] * width;
      for (int j = 0; j < edit.values().length; j++) {
        long at = tensor.offset() + j * rowBytes + (long) edit.neuron() * width;
        write(channel, ByteBuffer.wrap(vector, j * width, width), at);
      }
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
    long position = at;
    while (bytes.hasRemaining()) {
      position += channel.write(bytes, position);
    }
  }

  /** Numbers as a safetensors file has them, little-endian; the nearest ones, ties to even. */
  static byte[] encode(float[] values, String dtype) {
    int width = dtype.equals("F32") ? Float.BYTES : Short.BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(values.length * width).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (dtype) {
        case "F32" -> bytes.putFloat(value);
        case "F16" -> bytes.putShort(HalfFloats.toFloat16(value));
        case "BF16" -> bytes.putShort(HalfFloats.toBfloat16(value));
        default -> throw new IllegalArgumentException("no value vectors in " + dtype);
      }
    }
    return bytes.array();
  }
}
