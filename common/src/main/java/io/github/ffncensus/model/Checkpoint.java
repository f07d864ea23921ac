package io.github.ffncensus.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The tensors of a checkpoint: one safetensors file, or a sharded set with its index.
 *
 * <p>Only headers are read here. A tensor's bytes are memory-mapped when asked for, so that
 * checkpoints of any size load without passing through the Java heap.
 */
final class Checkpoint {
  private static final String SINGLE_FILE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int MAX_HEADER_BYTES = 100_000_000;

  /** Where one tensor's bytes lie. */
  record Entry(Path file, String name, String dtype, long[] shape, long offset, long bytes) {

    /**
     * Maps rows {@code from} to {@code to} of the first axis; a mapping holds less than 2 GiB.
     *
     * @throws UncheckedIOException if the file cannot be mapped
     */
    ByteBuffer map(long from, long to) {
      long rowBytes = shape.length == 0 ? bytes : bytes / shape[0];
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        return channel
            .map(FileChannel.MapMode.READ_ONLY, offset + from * rowBytes, (to - from) * rowBytes)
            .order(ByteOrder.LITTLE_ENDIAN);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot map " + file, e);
      }
    }
  }

  private final List<Path> files;
  private final Map<String, Entry> entries;

  private Checkpoint(List<Path> files, Map<String, Entry> entries) {
    this.files = files;
    this.entries = entries;
  }

  /**
   * Reads the headers of a folder's checkpoint.
   *
   * @throws CensusException if there is none, or a file is missing, truncated or malformed
   */
  static Checkpoint open(Path folder) {
    return ofFiles(weightFiles(folder));
  }

  /** Reads the headers of safetensors files that together hold one set of tensors. */
  static Checkpoint ofFiles(List<Path> files) {
    Map<String, Entry> entries = new HashMap<>();
    for (Path file : files) {
      readHeader(file, entries);
    }
    return new Checkpoint(files, entries);
  }

  private static List<Path> weightFiles(Path folder) {
    if (Files.isRegularFile(folder.resolve(INDEX))) {
      return filesOfIndex(folder);
    }
    if (Files.isRegularFile(folder.resolve(SINGLE_FILE))) {
      return List.of(folder.resolve(SINGLE_FILE));
    }
    if (Files.exists(folder.resolve("pytorch_model.bin"))
        || Files.exists(folder.resolve("pytorch_model.bin.index.json"))) {
      throw CensusException.input(
          folder
              + " has only pytorch_model.bin, a pickle, which is never opened because it can run code."
              + " Convert it once, where you trust it: python -c \"from transformers import AutoModelForCausalLM"
              + " as M; M.from_pretrained('"
              + folder
              + "').save_pretrained('"
              + folder
              + "', safe_serialization=True)\" (AutoModelForMaskedLM for a masked model)");
    }
    throw CensusException.input(
        folder + " has neither " + SINGLE_FILE + " nor " + INDEX + ": not a model folder");
  }

  private static List<Path> filesOfIndex(Path folder) {
    Path index = folder.resolve(INDEX);
    TreeSet<String> names = new TreeSet<>();
    try {
      JsonNode map = new ObjectMapper().readTree(index.toFile()).path("weight_map");
      map.elements().forEachRemaining(name -> names.add(name.asText()));
    } catch (IOException e) {
      throw CensusException.input("cannot read " + index + ": " + e.getMessage(), e);
    }
    if (names.isEmpty()) {
      throw CensusException.input(index + " has no \"weight_map\"");
    }
    List<Path> files = new ArrayList<>();
    for (String name : names) {
      Path file = folder.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw CensusException.input(
            file + " is missing: " + index.getFileName() + " lists it; copy it or download again");
      }
      files.add(file);
    }
    return files;
  }

  private static void readHeader(Path file, Map<String, Entry> entries) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      if (size < 8 || channel.read(length, 0) < 8) {
        throw truncated(file, size, "no header");
      }
      long headerBytes = length.flip().getLong();
      if (headerBytes <= 1 || headerBytes > MAX_HEADER_BYTES) {
        throw CensusException.input(
            file + " is not a safetensors file: its header length is " + headerBytes);
      }
      if (8 + headerBytes > size) {
        throw truncated(file, size, "its header alone needs " + (8 + headerBytes));
      }
      ByteBuffer header = ByteBuffer.allocate((int) headerBytes);
      while (header.hasRemaining() && channel.read(header, 8 + header.position()) > 0) {}
      JsonNode root = new ObjectMapper().readTree(header.array());
      for (Map.Entry<String, JsonNode> field : root.properties()) {
        if (!field.getKey().equals("__metadata__")) {
          Entry entry = entry(file, field.getKey(), field.getValue(), 8 + headerBytes);
          // Offsets come from the file: their sum may overflow.
          if (entry.offset() < 0 || entry.bytes() > size - entry.offset()) {
            throw truncated(
                file,
                size,
                "tensor " + entry.name() + " of " + entry.bytes() + " bytes ends beyond that");
          }
          entries.put(entry.name(), entry);
        }
      }
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw CensusException.input(file + " is not a safetensors file: its header is not JSON", e);
    } catch (IOException e) {
      throw CensusException.input("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static CensusException truncated(Path file, long size, String why) {
    return CensusException.input(
        file + " is truncated: it has " + size + " bytes, " + why + "; copy or download it again");
  }

  private static Entry entry(Path file, String name, JsonNode node, long dataStart) {
    long begin = node.path("data_offsets").path(0).asLong(-1);
    long end = node.path("data_offsets").path(1).asLong(-1);
    long[] shape = new long[node.path("shape").size()];
    long elements = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = node.path("shape").get(i).asLong();
      elements *= shape[i];
    }
    String dtype = node.path("dtype").asText();
    long width = width(dtype);
    if (begin < 0 || end < begin || (width > 0 && end - begin != elements * width)) {
      throw CensusException.input(
          file + ": tensor " + name + " has a shape and offsets that do not fit each other");
    }
    return new Entry(file, name, dtype, shape, dataStart + begin, end - begin);
  }

  private static long width(String dtype) {
    return switch (dtype) {
      case "F32" -> 4;
      case "F16", "BF16" -> 2;
      default -> 0;
    };
  }

  /** The files that hold the tensors, in name order. */
  List<Path> files() {
    return files;
  }

  Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** The number formats that occur, as safetensors names them. */
  Set<String> dtypes() {
    return entries.values().stream().map(Entry::dtype).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * SHA-256 over the bytes of all weight files in name order; for a single file, that file's own
   * checksum.
   */
  String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 20];
      for (Path file : files) {
        try (InputStream in = Files.newInputStream(file)) {
          for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            digest.update(buffer, 0, n);
          }
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw CensusException.input("cannot read the weights: " + e.getMessage(), e);
    }
  }
}
