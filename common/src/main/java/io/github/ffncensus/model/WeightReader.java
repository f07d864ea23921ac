package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.model.ModelFamily.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds a family's tensors in a checkpoint and brings them to the device in the run's precision.
 * float32 weights on a CPU stay what they are: views of the mapped file.
 */
final class WeightReader {
  private final ModelFolder folder;
  private final ModelFamily family;
  private final NDManager manager;
  private final Kernels kernels;
  private final Precision precision;

  WeightReader(ModelFolder folder, NDManager manager, Kernels kernels, Precision precision) {
    this.folder = folder;
    this.family = folder.family();
    this.manager = manager;
    this.kernels = kernels;
    this.precision = precision;
  }

  /** Whether the family has such a module at all. */
  boolean declares(Part part) {
    return family.parts().containsKey(part);
  }

  /** Whether this checkpoint, which may come without a prediction head, has it. */
  boolean has(Part part) {
    return declares(part) && find(part, 0, ".weight").isPresent();
  }

  /** A part's weight matrix as it is stored. */
  NDArray matrix(Part part, long rows, long columns) {
    return required(part, 0, new Shape(rows, columns), ".weight");
  }

  /** A linear map, its weight as (out, in) however it is stored. */
  TransformerWeights.Linear linear(Part part, int layer, long in, long out, boolean bias) {
    Shape stored = family.transposedLinear() ? new Shape(in, out) : new Shape(out, in);
    NDArray weight = required(part, layer, stored, ".weight");
    return new TransformerWeights.Linear(
        family.transposedLinear() ? weight.transpose() : weight,
        bias ? required(part, layer, new Shape(out), ".bias") : null);
  }

  /**
   * Linear maps of one input that are stored as one, head by head: of each head the rows of the
   * first map, then those of the second, and so on.
   *
   * @param width of a head
   */
  List<TransformerWeights.Linear> linearsByHead(
      Part part, int layer, int maps, long in, int heads, int width, boolean bias) {
    try (NDManager scope = manager.newSubManager()) {
      TransformerWeights.Linear all = linear(part, layer, in, (long) maps * heads * width, bias);
      all.weight().attach(scope);
      if (bias) {
        all.bias().attach(scope);
      }
      List<TransformerWeights.Linear> linears = new ArrayList<>();
      for (int map = 0; map < maps; map++) {
        Shape byHead = new Shape(heads, maps, width, in);
        NDArray weight = ofMap(all.weight().reshape(byHead), map).reshape(-1, in);
        weight.attach(manager);
        NDArray shift = null;
        if (bias) {
          shift = ofMap(all.bias().reshape(heads, maps, width), map).reshape(-1);
          shift.attach(manager);
        }
        linears.add(new TransformerWeights.Linear(weight, shift));
      }
      return List.copyOf(linears);
    }
  }

  /** A copy, so that the tensor of all maps can be freed. */
  private static NDArray ofMap(NDArray byHead, int map) {
    return byHead.get(new NDIndex(":, {}", map)).duplicate();
  }

  TransformerWeights.Norm norm(Part part, int layer, int width, boolean shift) {
    Shape shape = new Shape(width);
    return new TransformerWeights.Norm(
        gain(required(part, layer, shape, ".weight", ".gamma")),
        shift ? required(part, layer, shape, ".bias", ".beta") : null);
  }

  private NDArray gain(NDArray stored) {
    return folder.architecture().gainsLessOne() ? stored.add(1) : stored;
  }

  /** The bias on the logits: a tensor of its own, or the output matrix's. */
  Optional<NDArray> headBias(long vocabulary) {
    if (!declares(Part.HEAD_BIAS)) {
      return Optional.empty();
    }
    return find(Part.HEAD_BIAS, 0, "")
        .or(() -> find(Part.HEAD, 0, ".bias"))
        .map(entry -> checked(entry, new Shape(vocabulary)));
  }

  private NDArray required(Part part, int layer, Shape shape, String... suffixes) {
    Checkpoint.Entry entry =
        find(part, layer, suffixes)
            .orElseThrow(
                () ->
                    CensusException.input(
                        folder.path()
                            + ": the weights have no tensor "
                            + family.prefixes().get(0)
                            + family.name(part, layer)
                            + suffixes[0]
                            + ", which a "
                            + family.modelType()
                            + " model needs; copy or download the checkpoint again"));
    return checked(entry, shape);
  }

  private Optional<Checkpoint.Entry> find(Part part, int layer, String... suffixes) {
    return folder.tensor(part, layer, suffixes);
  }

  private NDArray checked(Checkpoint.Entry entry, Shape shape) {
    if (!Arrays.equals(entry.shape(), shape.getShape())) {
      throw CensusException.input(
          entry.file()
              + ": tensor "
              + entry.name()
              + " has shape "
              + Arrays.toString(entry.shape())
              + ", config.json asks for "
              + Arrays.toString(shape.getShape()));
    }
    NDArray array = read(entry);
    if (!Float.isFinite(sum(array))) {
      array.close();
      throw CensusException.input(
          entry.file()
              + ": tensor "
              + entry.name()
              + " holds NaN or infinite values; copy or download the checkpoint again, or use one"
              + " whose training did not diverge");
    }
    return array;
  }

  /** Not finite exactly if an element is not, as finite weights cannot overflow float32. */
  private float sum(NDArray array) {
    try (NDManager scope = manager.newSubManager()) {
      array.attach(scope);
      float sum = kernels.cast(array, Precision.FLOAT32).sum().getFloat();
      array.attach(manager);
      return sum;
    }
  }

  private NDArray read(Checkpoint.Entry entry) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray stored = stored(entry, scope);
      NDArray full = entry.dtype().equals("BF16") ? kernels.bfloat16Bits(stored) : stored;
      NDArray array = kernels.cast(full, precision);
      array.attach(manager);
      return array;
    }
  }

  /** The tensor as stored; bfloat16, which the array interface does not know, as float16 bits. */
  private static NDArray stored(Checkpoint.Entry entry, NDManager scope) {
    DataType type =
        switch (entry.dtype()) {
          case "F32" -> DataType.FLOAT32;
          case "F16", "BF16" -> DataType.FLOAT16;
          default ->
              throw CensusException.input(
                  entry.file()
                      + ": tensor "
                      + entry.name()
                      + " has dtype "
                      + entry.dtype()
                      + "; supported: F32, F16, BF16");
        };
    if (entry.bytes() <= Integer.MAX_VALUE) {
      long rows = entry.shape().length == 0 ? 1 : entry.shape()[0];
      return scope.create(entry.map(0, rows), new Shape(entry.shape()), type);
    }
    return inBlocks(entry, type, scope);
  }

  /** A mapping ends at 2 GiB, so larger tensors are joined from blocks of rows. */
  private static NDArray inBlocks(Checkpoint.Entry entry, DataType type, NDManager scope) {
    long rows = entry.shape()[0];
    long blockRows = Math.max(1, (1L << 30) / (entry.bytes() / rows));
    NDList blocks = new NDList();
    for (long from = 0; from < rows; from += blockRows) {
      long to = Math.min(rows, from + blockRows);
      long[] shape = entry.shape().clone();
      shape[0] = to - from;
      blocks.add(scope.create(entry.map(from, to), new Shape(shape), type));
    }
    return NDArrays.concat(blocks, 0);
  }
}
