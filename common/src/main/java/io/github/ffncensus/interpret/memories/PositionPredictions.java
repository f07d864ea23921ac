package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import io.github.ffncensus.interpret.memories.LastLayerRows.Rows;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;

/**
 * What o, r and y predict at each position: tokens, log probabilities in nats, and ranks from 1.
 */
final class PositionPredictions {
  final long[] output;
  final double[] outputLog;
  final double[] outputEntropy;
  final long[] residual;
  final long[] residualOutputRank;
  final double[] residualOutputLog;
  final long[] ffn;
  final long[] ffnOutputRank;
  final double[] ffnOutputLog;
  final long[] ffnResidualRank;
  final double[] ffnResidualLog;

  private PositionPredictions(int positions) {
    output = new long[positions];
    outputLog = new double[positions];
    outputEntropy = new double[positions];
    residual = new long[positions];
    residualOutputRank = new long[positions];
    residualOutputLog = new double[positions];
    ffn = new long[positions];
    ffnOutputRank = new long[positions];
    ffnOutputLog = new double[positions];
    ffnResidualRank = new long[positions];
    ffnResidualLog = new double[positions];
  }

  /**
   * Reads all positions, as many at a time as have their logits in memory together.
   *
   * @param layer of the rows
   */
  static PositionPredictions of(
      Transformer model, MemoryScript script, int layer, Rows rows, NDManager manager) {
    int positions = rows.places().size();
    PositionPredictions predictions = new PositionPredictions(positions);
    int block = LogitBlocks.of(model).rows();
    for (int from = 0; from < positions; from += block) {
      NDIndex range = new NDIndex("{}:{}", from, Math.min(positions, from + block));
      try (NDManager scope = manager.newSubManager()) {
        NDArray r = rows.residuals().get(range);
        NDArray y = rows.outputs().get(range);
        r.attach(scope);
        y.attach(scope);
        predictions.readOutput(model, script, layer, r.add(y), from);
        predictions.readResidual(model, script, r, from);
        predictions.readFfn(model, script, y, from);
      }
    }
    return predictions;
  }

  private void readOutput(
      Transformer model, MemoryScript script, int layer, NDArray sums, int from) {
    try (NDManager scope = sums.getManager().newSubManager()) {
      NDArray logits = model.logits(model.blockOutput(layer, sums));
      logits.attach(scope);
      NDList read = script.read(scope, logits);
      put(read.get(0), output, from);
      NDArray best = script.rank(scope, logits, read.get(0)).get(1);
      putDifference(best, read.get(1), outputLog, from);
      put(read.get(2), outputEntropy, from);
    }
  }

  private void readResidual(Transformer model, MemoryScript script, NDArray r, int from) {
    try (NDManager scope = r.getManager().newSubManager()) {
      NDArray logits = model.logits(r, Lens.HEAD);
      logits.attach(scope);
      NDList read = script.read(scope, logits);
      put(read.get(0), residual, from);
      int count = (int) logits.getShape().get(0);
      NDList ofOutput = script.rank(scope, logits, tokens(scope, output, from, count));
      put(ofOutput.get(0), residualOutputRank, from);
      putDifference(ofOutput.get(1), read.get(1), residualOutputLog, from);
    }
  }

  private void readFfn(Transformer model, MemoryScript script, NDArray y, int from) {
    try (NDManager scope = y.getManager().newSubManager()) {
      NDArray logits = model.logits(y, Lens.ofValues(model.architecture()));
      logits.attach(scope);
      NDList read = script.read(scope, logits);
      put(read.get(0), ffn, from);
      int count = (int) logits.getShape().get(0);
      NDList ofOutput = script.rank(scope, logits, tokens(scope, output, from, count));
      put(ofOutput.get(0), ffnOutputRank, from);
      putDifference(ofOutput.get(1), read.get(1), ffnOutputLog, from);
      NDList ofResidual = script.rank(scope, logits, tokens(scope, residual, from, count));
      put(ofResidual.get(0), ffnResidualRank, from);
      putDifference(ofResidual.get(1), read.get(1), ffnResidualLog, from);
    }
  }

  private static NDArray tokens(NDManager scope, long[] tokens, int from, int count) {
    return scope.create(Arrays.copyOfRange(tokens, from, from + count));
  }

  private static void put(NDArray values, long[] into, int from) {
    long[] found = values.toLongArray();
    System.arraycopy(found, 0, into, from, found.length);
  }

  private static void put(NDArray values, double[] into, int from) {
    double[] found = values.toDoubleArray();
    System.arraycopy(found, 0, into, from, found.length);
  }

  /** Logits minus the logs of their totals. */
  private static void putDifference(NDArray logits, NDArray logTotals, double[] into, int from) {
    float[] logit = logits.toFloatArray();
    double[] logTotal = logTotals.toDoubleArray();
    for (int i = 0; i < logit.length; i++) {
      into[from + i] = Math.min(0, logit[i] - logTotal[i]);
    }
  }
}
