package io.github.ffncensus.analysis;

import io.github.ffncensus.model.TokenSequence;
import java.util.List;

/**
 * Memory coefficients of some sequences at one layer, on the host, text tokens only: special tokens
 * and padding are left out.
 */
public final class RowBlock {
  private final int neurons;
  private final List<TokenSequence> sequences;
  private final int[] starts;
  private final int[] positions;
  private final float[] coefficients;

  RowBlock(
      int neurons,
      List<TokenSequence> sequences,
      int[] starts,
      int[] positions,
      float[] coefficients) {
    this.neurons = neurons;
    this.sequences = sequences;
    this.starts = starts;
    this.positions = positions;
    this.coefficients = coefficients;
  }

  /** Number of rows, one per text token. */
  public int rows() {
    return starts[sequences.size()];
  }

  /** Neurons of the layer, the width of a row. */
  public int neurons() {
    return neurons;
  }

  /** Row-major (rows, neurons); may be longer than that, and is reused after the call. */
  public float[] coefficients() {
    return coefficients;
  }

  public List<TokenSequence> sequences() {
    return sequences;
  }

  /** First row of sequence {@code s}; that of {@code s + 1} is its end. */
  public int start(int s) {
    return starts[s];
  }

  /** Position of a row's token in its sequence as fed to the model. */
  public int position(int row) {
    return positions[row];
  }
}
