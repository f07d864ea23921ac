package io.github.ffncensus.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A small model with the values that the Hugging Face implementation computed for it. */
public record Fixture(String name, Path folder) {

  private static final String EXPECTED = "expected.safetensors";

  /** All committed fixtures, made by {@code src/test/fixtures/make_fixtures.py}. */
  public static List<Fixture> all() {
    try (Stream<Path> folders = Files.list(root())) {
      return folders
          .filter(Files::isDirectory)
          .map(folder -> new Fixture(folder.getFileName().toString(), folder))
          .sorted((a, b) -> a.name().compareTo(b.name()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Fixture named(String name) {
    return new Fixture(name, root().resolve(name));
  }

  /** In the source tree: other modules have this class from a jar, where files have no path. */
  private static Path root() {
    Path own = Path.of("src/test/resources/fixtures");
    return Files.isDirectory(own) ? own : Path.of("../common").resolve(own);
  }

  boolean hasDtype(String dtype) {
    return Checkpoint.open(folder).dtypes().contains(dtype);
  }

  @Override
  public String toString() {
    return name;
  }

  /** A tensor of the expected values. */
  public record Expected(long[] shape, float[] values) {}

  Expected expected(String tensor) {
    return floats(EXPECTED, tensor);
  }

  /** A float32 tensor of one of the folder's files. */
  public Expected floats(String file, String tensor) {
    Checkpoint.Entry entry = entry(file, tensor);
    float[] values = new float[(int) (entry.bytes() / Float.BYTES)];
    bytes(entry).asFloatBuffer().get(values);
    return new Expected(entry.shape(), values);
  }

  /** The shape of a tensor of one of the folder's files. */
  public long[] shape(String file, String tensor) {
    return entry(file, tensor).shape();
  }

  /** The input sequences, without padding. */
  public List<int[]> sequences() {
    long[] ids = longs(EXPECTED, "input_ids");
    long[] mask = longs(EXPECTED, "attention_mask");
    int length = (int) entry(EXPECTED, "input_ids").shape()[1];
    List<int[]> rows = new ArrayList<>();
    for (int start = 0; start < ids.length; start += length) {
      int real = (int) Arrays.stream(mask, start, start + length).sum();
      rows.add(Arrays.stream(ids, start, start + real).mapToInt(Math::toIntExact).toArray());
    }
    return rows;
  }

  /** An int64 tensor of one of the folder's files. */
  public long[] longs(String file, String tensor) {
    Checkpoint.Entry entry = entry(file, tensor);
    long[] values = new long[(int) (entry.bytes() / Long.BYTES)];
    bytes(entry).asLongBuffer().get(values);
    return values;
  }

  private Checkpoint.Entry entry(String file, String tensor) {
    return Checkpoint.ofFiles(List.of(folder.resolve(file))).find(tensor).orElseThrow();
  }

  private static ByteBuffer bytes(Checkpoint.Entry entry) {
    return entry.map(0, entry.shape()[0]);
  }
}
