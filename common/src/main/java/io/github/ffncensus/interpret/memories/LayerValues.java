package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;

/**
 * All value vectors of a layer as predictions, for all positions at once: the logits of a block of
 * values are calculated once, and memory is block x vocabulary.
 */
final class LayerValues {
  private final Transformer model;
  private final MemoryScript script;
  private final int layer;
  private final int neurons;
  private final LogitBlocks blocks;

  LayerValues(Transformer model, MemoryScript script, int layer) {
    this.model = model;
    this.script = script;
    this.layer = layer;
    this.neurons = model.architecture().intermediate();
    this.blocks = LogitBlocks.of(model);
  }

  /**
   * What was read.
   *
   * @param top the lowest token with the largest logit of each value
   * @param bottom the lowest token with the smallest
   * @param larger tokens with a larger logit than a target's, int32 (neurons, targets)
   * @param smaller tokens with a smaller logit; {@code larger} where no coefficient is negative
   * @param outputLogs log probability of each pair's output where the value has its coefficient
   * @param ffnLogs log probability of each pair's FFN token
   */
  record Reading(
      long[] top,
      long[] bottom,
      NDArray larger,
      NDArray smaller,
      double[] outputLogs,
      double[] ffnLogs) {}

  /** Length of each value vector, float32 (neurons). */
  NDArray lengths(NDManager owner) {
    try (NDManager scope = owner.newSubManager()) {
      return script.lengths(owner, model.values(layer, 0, neurons, scope));
    }
  }

  /**
   * Reads all values.
   *
   * @param owner of the arrays of the result
   * @param targets tokens whose ranks are wanted
   */
  Reading read(NDManager owner, long[] targets, Pairs pairs) {
    boolean signed = model.architecture().signedCoefficients();
    NDList larger = new NDList();
    NDList smaller = new NDList();
    Reading reading =
        new Reading(
            new long[neurons],
            new long[neurons],
            null,
            null,
            new double[pairs.count()],
            new double[pairs.count()]);
    int[] byNeuron = pairs.byNeuron();
    int nextPair = 0;
    try (NDManager scope = owner.newSubManager()) {
      NDArray wanted = scope.create(targets);
      for (int from = 0; from < neurons; from += blocks.rows()) {
        int to = Math.min(neurons, from + blocks.rows());
        try (NDManager block = scope.newSubManager()) {
          NDArray values = model.values(layer, from, to, block);
          NDArray logits = model.logits(values, Lens.ofValues(model.architecture()));
          for (int step = from; step < to; step += blocks.stepRows()) {
            int end = Math.min(to, step + blocks.stepRows());
            try (NDManager ofStep = block.newSubManager()) {
              NDArray x = logits.get(new NDIndex("{}:{}", step - from, end - from));
              x.attach(ofStep);
              extremes(ofStep, x, step, reading);
              larger.add(attached(script.larger(ofStep, x, wanted), scope));
              if (signed) {
                smaller.add(attached(script.larger(ofStep, x.neg(), wanted), scope));
              }
              nextPair = scale(ofStep, x, step, end, pairs, byNeuron, nextPair, reading);
            }
          }
        }
      }
      NDArray ahead = attached(NDArrays.concat(larger), owner);
      return new Reading(
          reading.top(),
          reading.bottom(),
          ahead,
          signed ? attached(NDArrays.concat(smaller), owner) : ahead,
          reading.outputLogs(),
          reading.ffnLogs());
    }
  }

  private static NDArray attached(NDArray array, NDManager owner) {
    array.attach(owner);
    return array;
  }

  private void extremes(NDManager scope, NDArray logits, int from, Reading reading) {
    NDList extremes = script.extremes(scope, logits);
    long[] top = extremes.get(0).toLongArray();
    long[] bottom = extremes.get(1).toLongArray();
    System.arraycopy(top, 0, reading.top(), from, top.length);
    System.arraycopy(bottom, 0, reading.bottom(), from, bottom.length);
  }

  /**
   * Takes the pairs of some neurons, whose logits these are.
   *
   * @param next the first pair in {@code byNeuron} that is not taken yet
   * @return the same afterwards
   */
  private int scale(
      NDManager scope,
      NDArray logits,
      int from,
      int to,
      Pairs pairs,
      int[] byNeuron,
      int next,
      Reading reading) {
    int end = next;
    while (end < byNeuron.length && pairs.neurons()[byNeuron[end]] < to) {
      end++;
    }
    for (int start = next; start < end; start += blocks.stepRows()) {
      int[] taken = Arrays.copyOfRange(byNeuron, start, Math.min(end, start + blocks.stepRows()));
      scale(scope, logits, from, pairs.at(taken), taken, reading);
    }
    return end;
  }

  private void scale(
      NDManager scope, NDArray logits, int from, Pairs taken, int[] indices, Reading reading) {
    int count = taken.count();
    long[] rows = Arrays.stream(taken.neurons()).map(neuron -> neuron - from).toArray();
    long[] tokens = new long[2 * count];
    for (int i = 0; i < count; i++) {
      tokens[2 * i] = taken.outputs()[i];
      tokens[2 * i + 1] = taken.ffnTokens()[i];
    }
    try (NDManager pairScope = scope.newSubManager()) {
      double[] logs =
          script
              .scaled(
                  pairScope,
                  logits,
                  pairScope.create(rows),
                  pairScope.create(taken.coefficients(), new Shape(count, 1)),
                  pairScope.create(tokens, new Shape(count, 2)))
              .toDoubleArray();
      for (int i = 0; i < count; i++) {
        reading.outputLogs()[indices[i]] = Math.min(0, logs[2 * i]);
        reading.ffnLogs()[indices[i]] = Math.min(0, logs[2 * i + 1]);
      }
    }
  }
}
