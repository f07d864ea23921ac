package io.github.ffncensus.model;

import io.github.ffncensus.model.Architecture.PositionEncoding;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A batch as the embeddings read it: row-major (size, length), padded on the right.
 *
 * @param lengths of the sequences, without padding
 * @param tokens ids; padding has the architecture's padding id
 * @param tablePositions rows of the position table
 * @param positions index of each token in its sequence, which rotary positions go by
 */
record TokenGrid(int length, int[] lengths, long[] tokens, long[] tablePositions, int[] positions) {

  static TokenGrid of(TokenBatch batch, Architecture architecture) {
    int size = batch.size();
    int length = batch.length();
    boolean skipping = architecture.positions() == PositionEncoding.LEARNED_SKIPPING_PADDING;
    int[] lengths = new int[size];
    long[] tokens = new long[size * length];
    long[] tablePositions = new long[size * length];
    int[] positions = new int[size * length];
    Arrays.fill(tokens, architecture.paddingId());
    for (int row = 0; row < size; row++) {
      int[] real = batch.sequences().get(row).tokens();
      lengths[row] = real.length;
      int next = architecture.firstPosition();
      for (int t = 0; t < length; t++) {
        positions[row * length + t] = t;
        if (t < real.length) {
          tokens[row * length + t] = real[t];
          boolean padding = skipping && real[t] == architecture.paddingId();
          tablePositions[row * length + t] = padding ? architecture.paddingId() : next++;
        }
      }
    }
    return new TokenGrid(length, lengths, tokens, tablePositions, positions);
  }

  /**
   * The same tokens in another order, some positions of each row first. A model whose tokens all
   * see each other computes the same: where a token stands is in its embedding.
   *
   * @param first by row, those that come first, in this order; the others keep theirs
   */
  TokenGrid withFirst(int[][] first) {
    long[] movedTokens = new long[tokens.length];
    long[] movedTablePositions = new long[tokens.length];
    int[] movedPositions = new int[tokens.length];
    for (int row = 0; row < size(); row++) {
      int[] chosen = first[row];
      int start = row * length;
      int[] order =
          IntStream.concat(
                  Arrays.stream(chosen),
                  IntStream.range(0, length)
                      .filter(t -> Arrays.stream(chosen).noneMatch(c -> c == t)))
              .toArray();
      for (int t = 0; t < length; t++) {
        movedTokens[start + t] = tokens[start + order[t]];
        movedTablePositions[start + t] = tablePositions[start + order[t]];
        movedPositions[start + t] = positions[start + order[t]];
      }
    }
    return new TokenGrid(length, lengths, movedTokens, movedTablePositions, movedPositions);
  }

  /** Whether each row's tokens stand in the order of its sequence. */
  boolean inOrder() {
    return IntStream.range(0, positions.length).allMatch(i -> positions[i] == i % length);
  }

  int size() {
    return lengths.length;
  }

  boolean padded() {
    return Arrays.stream(lengths).anyMatch(real -> real < length);
  }
}
