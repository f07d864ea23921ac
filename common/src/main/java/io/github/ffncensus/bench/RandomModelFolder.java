package io.github.ffncensus.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Hugging Face folders of GPT-2's layout with random weights, and texts for them, so that whole
 * runs can be measured on a machine that has no model. The vocabulary are numbered words, and a
 * word is a token.
 */
public final class RandomModelFolder {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Uniform weights of the spread that GPT-2's are initialized with: 0.02 x sqrt(3). */
  private static final float LARGEST_WEIGHT = 0.0346f;

  private static final int CONTEXT = 256;
  private static final String UNKNOWN = "[UNK]";

  private RandomModelFolder() {}

  /**
   * A model's size.
   *
   * @param hidden width of the residual stream; a layer has four times as many neurons
   * @param vocabulary tokens, the one for unknown words included
   */
  public record Shape(int layers, int hidden, int heads, int vocabulary) {
    /** GPT-2 small with a vocabulary of 8,192, which no analysis of a plain scan reads. */
    public static final Shape GPT2_SMALL = new Shape(12, 768, 12, 8192);

    /** 2,048 neurons: seconds are enough for many tokens. */
    public static final Shape TINY = new Shape(4, 128, 4, 8192);
  }

  /** Writes a folder; it may exist. */
  public static void write(Path folder, Shape shape, long seed) throws IOException {
    Files.createDirectories(folder);
    JSON.writeValue(folder.resolve("config.json").toFile(), config(shape));
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer(shape));
    Map<String, int[]> tensors = tensors(shape);
    SplittableRandom random = new SplittableRandom(seed);
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(folder.resolve("model.safetensors")))) {
      byte[] header = header(tensors).getBytes(StandardCharsets.UTF_8);
      out.write(littleEndian(Long.BYTES).putLong(header.length).array());
      out.write(header);
      for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
        write(tensor.getKey(), elements(tensor.getValue()), random, out);
      }
    }
  }

  private static Map<String, Object> config(Shape shape) {
    return Map.of(
        "model_type", "gpt2",
        "n_layer", shape.layers(),
        "n_embd", shape.hidden(),
        "n_head", shape.heads(),
        "n_positions", CONTEXT,
        "vocab_size", shape.vocabulary(),
        "activation_function", "gelu_new");
  }

  private static ObjectNode tokenizer(Shape shape) {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    root.putArray("added_tokens");
    root.putObject("pre_tokenizer").put("type", "WhitespaceSplit");
    ObjectNode model = root.putObject("model").put("type", "WordLevel").put("unk_token", UNKNOWN);
    ObjectNode words = model.putObject("vocab").put(UNKNOWN, 0);
    for (int id = 1; id < shape.vocabulary(); id++) {
      words.put(word(id), id);
    }
    return root;
  }

  /** The text of a token other than 0. */
  static String word(int id) {
    return "w" + id;
  }

  /** Names and shapes as GPT-2's checkpoints have them: linear maps are (in, out). */
  private static Map<String, int[]> tensors(Shape shape) {
    int d = shape.hidden();
    Map<String, int[]> tensors = new LinkedHashMap<>();
    tensors.put("wte.weight", new int[] {shape.vocabulary(), d});
    tensors.put("wpe.weight", new int[] {CONTEXT, d});
    for (int l = 0; l < shape.layers(); l++) {
      String block = "h." + l + ".";
      norm(tensors, block + "ln_1", d);
      linear(tensors, block + "attn.c_attn", d, 3 * d);
      linear(tensors, block + "attn.c_proj", d, d);
      norm(tensors, block + "ln_2", d);
      linear(tensors, block + "mlp.c_fc", d, 4 * d);
      linear(tensors, block + "mlp.c_proj", 4 * d, d);
    }
    norm(tensors, "ln_f", d);
    return tensors;
  }

  private static void norm(Map<String, int[]> tensors, String name, int width) {
    tensors.put(name + ".weight", new int[] {width});
    tensors.put(name + ".bias", new int[] {width});
  }

  private static void linear(Map<String, int[]> tensors, String name, int in, int out) {
    tensors.put(name + ".weight", new int[] {in, out});
    tensors.put(name + ".bias", new int[] {out});
  }

  private static String header(Map<String, int[]> tensors) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    long offset = 0;
    for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
      ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", "F32");
      ArrayNode shape = entry.putArray("shape");
      for (int size : tensor.getValue()) {
        shape.add(size);
      }
      long end = offset + elements(tensor.getValue()) * Float.BYTES;
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    return JSON.writeValueAsString(header);
  }

  private static long elements(int[] shape) {
    long elements = 1;
    for (int size : shape) {
      elements *= size;
    }
    return elements;
  }

  private static void write(String name, long elements, SplittableRandom random, OutputStream out)
      throws IOException {
    boolean scale = name.matches(".*ln_[12f]\\.weight");
    ByteBuffer buffer = littleEndian(1 << 16);
    for (long i = 0; i < elements; i++) {
      buffer.putFloat(scale ? 1 : LARGEST_WEIGHT * (2 * (float) random.nextDouble() - 1));
      if (!buffer.hasRemaining() || i == elements - 1) {
        out.write(buffer.array(), 0, buffer.position());
        buffer.clear();
      }
    }
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
