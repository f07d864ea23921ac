package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.interpret.memories.LastLayerRows.Rows;

/**
 * The memories that contribute most at each position, and the lengths they are measured against.
 *
 * @param width memories per position
 * @param valueLengths of all value vectors of the layer, (neurons)
 * @param chosen their neurons, (positions, width)
 * @param neurons the same, row by row
 * @param coefficients m of these, row by row
 * @param contributions |m| times length of v, row by row
 * @param residualLengths length of r, by position
 * @param ahead memories that contribute more than that
 * @param active memories with m > 0
 * @param totals sum of the contributions of all memories
 */
record Strongest(
    int width,
    NDArray valueLengths,
    NDArray chosen,
    long[] neurons,
    float[] coefficients,
    float[] contributions,
    float[] residualLengths,
    long[] ahead,
    long[] active,
    double[] totals) {

  static Strongest of(
      MemoryScript script, NDManager manager, Rows rows, LayerValues values, int width) {
    NDArray residual = script.lengths(manager, rows.residuals());
    NDArray lengths = values.lengths(manager);
    NDList found = script.strongest(manager, rows.coefficients(), lengths, residual, width);
    return new Strongest(
        width,
        lengths,
        found.get(0),
        found.get(0).toLongArray(),
        found.get(1).toFloatArray(),
        found.get(2).toFloatArray(),
        residual.toFloatArray(),
        found.get(3).toLongArray(),
        found.get(4).toLongArray(),
        found.get(5).toDoubleArray());
  }

  /** All of them, position by position, with what is predicted there. */
  Pairs pairs(PositionPredictions predictions) {
    int count = neurons.length;
    long[] positions = new long[count];
    long[] outputs = new long[count];
    long[] ffnTokens = new long[count];
    for (int i = 0; i < count; i++) {
      int position = i / width;
      positions[i] = position;
      outputs[i] = predictions.output[position];
      ffnTokens[i] = predictions.ffn[position];
    }
    return new Pairs(positions, neurons, coefficients, outputs, ffnTokens);
  }
}
