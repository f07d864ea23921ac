package io.github.ffncensus.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A copy of a fixture with one float32 safetensors file, which a test changes and writes. */
public final class ModelCopy {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final ObjectNode config;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /** A tensor to be written; the values may be changed in place. */
  public record Tensor(String dtype, long[] shape, float[] values) {}

  private ModelCopy(Path folder, ObjectNode config) {
    this.folder = folder;
    this.config = config;
  }

  /** Copies a fixture into an empty folder; the weights are there after {@link #write}. */
  public static ModelCopy of(String fixture, Path folder) {
    Path source = Fixture.named(fixture).folder();
    try {
      for (String name : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
        Files.copy(source.resolve(name), folder.resolve(name));
      }
      ObjectNode config = (ObjectNode) JSON.readTree(source.resolve("config.json").toFile());
      ModelCopy copy = new ModelCopy(folder, config);
      copy.read(source.resolve("model.safetensors"));
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int headerBytes = Math.toIntExact(bytes.getLong());
    JsonNode header = JSON.readTree(bytes.array(), 8, headerBytes);
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      if (!field.getKey().equals("__metadata__")) {
        long[] shape = JSON.convertValue(field.getValue().get("shape"), long[].class);
        int begin = field.getValue().get("data_offsets").get(0).asInt();
        int end = field.getValue().get("data_offsets").get(1).asInt();
        float[] values = new float[(end - begin) / Float.BYTES];
        bytes.position(8 + headerBytes + begin);
        bytes.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        tensors.put(field.getKey(), new Tensor("F32", shape, values));
      }
    }
  }

  public Map<String, Tensor> tensors() {
    return tensors;
  }

  public float[] values(String tensor) {
    return tensors.get(tensor).values();
  }

  public void rename(UnaryOperator<String> name) {
    Map<String, Tensor> renamed = new LinkedHashMap<>();
    tensors.forEach((old, tensor) -> renamed.put(name.apply(old), tensor));
    tensors.clear();
    tensors.putAll(renamed);
  }

  /**
   * Rounds all weights to so many significant bits, so that a number format with as many holds them
   * exactly (but for tiny ones in float16).
   */
  public ModelCopy rounded(int significantBits) {
    int lost = 24 - significantBits;
    for (Tensor tensor : tensors.values()) {
      float[] values = tensor.values();
      for (int i = 0; i < values.length; i++) {
        int bits = Float.floatToRawIntBits(values[i]);
        int even = (bits >>> lost) & 1;
        int up = bits + (1 << (lost - 1)) - 1 + even;
        values[i] = Float.intBitsToFloat(up >>> lost << lost);
      }
    }
    return this;
  }

  /** The keys of {@code config.json}. */
  public ObjectNode config() {
    return config;
  }

  /** Writes config.json and model.safetensors; an F64 tensor gets zeros. */
  public Path write() {
    try {
      JSON.writeValue(folder.resolve("config.json").toFile(), config);
      ObjectNode header = JSON.createObjectNode();
      int size = 0;
      for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
        Tensor tensor = entry.getValue();
        ObjectNode node = header.putObject(entry.getKey()).put("dtype", tensor.dtype());
        node.set("shape", JSON.valueToTree(tensor.shape()));
        int end = size + bytes(tensor);
        node.putArray("data_offsets").add(size).add(end);
        size = end;
      }
      byte[] headerBytes = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
      ByteBuffer out =
          ByteBuffer.allocate(8 + headerBytes.length + size).order(ByteOrder.LITTLE_ENDIAN);
      out.putLong(headerBytes.length).put(headerBytes);
      for (Tensor tensor : tensors.values()) {
        int end = out.position() + bytes(tensor);
        if (tensor.dtype().equals("F32")) {
          for (float value : tensor.values()) {
            out.putFloat(value);
          }
        }
        out.position(end);
      }
      Files.write(weights(), out.array());
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path weights() {
    return folder.resolve("model.safetensors");
  }

  private static int bytes(Tensor tensor) {
    return tensor.values().length * (tensor.dtype().equals("F64") ? 8 : 4);
  }

  /** Copies a folder with all its files. */
  static Path copyFiles(Path source, Path target) throws IOException {
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    return target;
  }
}
