package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the model predicts when one memory is taken out of the last layer's sum: the head of r + y -
 * m v.
 *
 * <p>Where the head is linear but for a scale, the logits of r + y and those of v are calculated
 * once, in parts of the vocabulary, and put together for every pair: some operations per logit
 * instead of a product with the embedding. Memory is (positions + values) x part. Other heads get a
 * product per pair.
 */
final class Removals {
  /** Of the logits of a part of the vocabulary. */
  private static final long HOST_PART_BYTES = 32L << 20;

  private static final long DEVICE_PART_BYTES = 512L << 20;

  /** Of the logits of pairs that are put together at a time: half of a core's cache. */
  private static final long HOST_GROUP_BYTES = 512L << 10;

  private static final long DEVICE_GROUP_BYTES = 64L << 20;

  private final Transformer model;
  private final MemoryScript script;
  private final int layer;
  private final int vocabulary;
  private final int hidden;

  Removals(Transformer model, MemoryScript script, int layer) {
    this.model = model;
    this.script = script;
    this.layer = layer;
    this.vocabulary = model.architecture().vocabulary();
    this.hidden = model.architecture().hidden();
  }

  /**
   * By pair.
   *
   * @param logChanges what the removal adds to the output's log probability
   * @param tokens what is predicted without the memory
   * @param changed whether that is another token than with it
   */
  record Result(double[] logChanges, long[] tokens, boolean[] changed) {}

  /** Log probability of the output and top token of each pair's logits. */
  record Read(double[] outputLogs, long[] tokens) {

    private static Read empty(int pairs) {
      return new Read(new double[pairs], new long[pairs]);
    }

    private void put(int from, NDList found) {
      double[] logs = found.get(0).toDoubleArray();
      long[] best = found.get(1).toLongArray();
      System.arraycopy(logs, 0, outputLogs, from, logs.length);
      System.arraycopy(best, 0, tokens, from, best.length);
    }
  }

  /**
   * Predictions without each pair's memory. What they are compared with, the prediction with all
   * memories, is calculated in the same way, so that a memory with m = 0 changes nothing.
   *
   * @param sums r + y, float32 (positions, hidden)
   */
  Result predictions(NDManager manager, NDArray sums, Pairs pairs) {
    int count = pairs.count();
    Result result = new Result(new double[count], new long[count], new boolean[count]);
    if (count == 0) {
      return result;
    }
    Pairs all = pairs.withNothingRemoved();
    Read read =
        model.scalesToHead() ? together(manager, sums, all) : separately(manager, sums, all);
    int whole = count - 1;
    for (int i = 0; i < count; i++) {
      if (i == 0 || pairs.positions()[i] != pairs.positions()[i - 1]) {
        whole++;
      }
      result.logChanges()[i] = read.outputLogs()[i] - read.outputLogs()[whole];
      result.tokens()[i] = read.tokens()[i];
      result.changed()[i] = read.tokens()[i] != read.tokens()[whole];
    }
    return result;
  }

  /** A product with the output embedding for every pair. */
  Read separately(NDManager manager, NDArray sums, Pairs pairs) {
    Read read = Read.empty(pairs.count());
    try (NDManager scope = manager.newSubManager()) {
      NDArray values = model.values(layer, 0, model.architecture().intermediate(), scope);
      int block = LogitBlocks.of(model).rows();
      for (int from = 0; from < pairs.count(); from += block) {
        Pairs taken = pairs.at(range(from, Math.min(pairs.count(), from + block)));
        try (NDManager ofBlock = scope.newSubManager()) {
          NDArray states = states(ofBlock, sums, values, taken, taken.neurons());
          NDArray logits = model.logits(model.blockOutput(layer, states));
          NDArray tokens = ofBlock.create(taken.outputs());
          NDList state = script.update(ofBlock, initial(ofBlock, taken.count()), logits, tokens, 0);
          read.put(from, script.result(ofBlock, state));
        }
      }
    }
    return read;
  }

  /**
   * r + y - m v of some pairs.
   *
   * @param at rows of {@code values}, one per pair
   */
  private NDArray states(NDManager scope, NDArray sums, NDArray values, Pairs pairs, long[] at) {
    NDArray m = scope.create(pairs.coefficients(), new Shape(pairs.count(), 1));
    NDArray whole = script.pick(scope, sums, scope.create(pairs.positions()));
    return whole.sub(script.pick(scope, values, scope.create(at)).mul(m));
  }

  /** Pairs whose logits are put together at a time, with their state. */
  private static final class Group {
    private final int from;
    private final NDArray at;
    private final NDArray row;
    private final NDArray m;
    private final NDArray scale;
    private final NDArray tokens;
    private NDList state;

    Group(int from, NDArray at, NDArray row, NDArray m, NDArray scale, NDArray tokens) {
      this.from = from;
      this.at = at;
      this.row = row;
      this.m = m;
      this.scale = scale;
      this.tokens = tokens;
    }
  }

  /** Logits of sums and values once, then some operations per logit of every pair. */
  Read together(NDManager manager, NDArray sums, Pairs pairs) {
    Read read = Read.empty(pairs.count());
    long[] neurons = pairs.distinctNeurons();
    try (NDManager scope = manager.newSubManager()) {
      NDArray all = model.values(layer, 0, model.architecture().intermediate(), scope);
      NDArray values = script.pick(scope, all, scope.create(neurons));
      int part = part(neurons.length + sums.getShape().get(0));
      List<Group> groups = groups(scope, sums, values, neurons, pairs, part);
      NDArray ofValues = model.lensStates(values, Lens.FOLDED);
      NDArray ofSums = model.lensStates(sums, Lens.FOLDED);
      NDArray shift = model.logits(scope.zeros(new Shape(1, hidden), DataType.FLOAT32));
      for (int from = 0; from < vocabulary; from += part) {
        int to = Math.min(vocabulary, from + part);
        try (NDManager tile = scope.newSubManager()) {
          NDArray tileValues = attached(model.project(ofValues, Lens.FOLDED, from, to), tile);
          NDArray tileSums = attached(model.project(ofSums, Lens.FOLDED, from, to), tile);
          NDArray tileShift = attached(shift.get(new NDIndex(":, {}:{}", from, to)), tile);
          for (Group group : groups) {
            NDList state =
                script.removed(
                    scope,
                    group.state,
                    tileValues,
                    tileSums,
                    tileShift,
                    group.at,
                    group.row,
                    group.m,
                    group.scale,
                    group.tokens,
                    from);
            group.state.close();
            group.state = state;
          }
        }
      }
      groups.forEach(group -> read.put(group.from, script.result(scope, group.state)));
    }
    return read;
  }

  private List<Group> groups(
      NDManager scope, NDArray sums, NDArray values, long[] neurons, Pairs pairs, int part) {
    long bytes = model.device().isGpu() ? DEVICE_GROUP_BYTES : HOST_GROUP_BYTES;
    int size = (int) Math.max(1, bytes / ((long) part * Float.BYTES));
    List<Group> groups = new ArrayList<>();
    for (int from = 0; from < pairs.count(); from += size) {
      Pairs taken = pairs.at(range(from, Math.min(pairs.count(), from + size)));
      long[] at =
          Arrays.stream(taken.neurons())
              .map(neuron -> Arrays.binarySearch(neurons, neuron))
              .toArray();
      try (NDManager temporary = scope.newSubManager()) {
        NDArray states = states(temporary, sums, values, taken, at);
        Group group =
            new Group(
                from,
                scope.create(at),
                scope.create(taken.positions()),
                scope.create(taken.coefficients(), new Shape(taken.count(), 1)),
                attached(model.headScale(states), scope),
                scope.create(taken.outputs()));
        group.state = initial(scope, taken.count());
        groups.add(group);
      }
    }
    return groups;
  }

  private int part(long rows) {
    long bytes = model.device().isGpu() ? DEVICE_PART_BYTES : HOST_PART_BYTES;
    return (int) Math.max(1, Math.min(vocabulary, bytes / (rows * Float.BYTES)));
  }

  /** Best logit and its token, sum of exponentials over the best, logit of the wanted token. */
  private static NDList initial(NDManager scope, long rows) {
    return new NDList(
        scope.full(new Shape(rows), Float.NEGATIVE_INFINITY, DataType.FLOAT32),
        scope.zeros(new Shape(rows), DataType.INT64),
        scope.zeros(new Shape(rows), DataType.FLOAT64),
        scope.zeros(new Shape(rows), DataType.FLOAT32));
  }

  private static NDArray attached(NDArray array, NDManager owner) {
    array.attach(owner);
    return array;
  }

  private static int[] range(int from, int to) {
    return IntStream.range(from, to).toArray();
  }
}
