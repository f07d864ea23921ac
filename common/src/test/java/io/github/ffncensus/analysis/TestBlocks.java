package io.github.ffncensus.analysis;

import io.github.ffncensus.model.TokenSequence;
import java.util.List;

/** Blocks of rows with given coefficients, for tests that need no model. */
public final class TestBlocks {
  private TestBlocks() {}

  /**
   * One sequence of text tokens alone.
   *
   * @param coefficients row-major (tokens, neurons)
   */
  public static RowBlock of(int neurons, float... coefficients) {
    int rows = coefficients.length / neurons;
    int[] positions = new int[rows];
    for (int row = 0; row < rows; row++) {
      positions[row] = row;
    }
    List<TokenSequence> sequences = List.of(TokenSequence.of(0, new int[rows]));
    return new RowBlock(neurons, sequences, new int[] {0, rows}, positions, coefficients);
  }
}
