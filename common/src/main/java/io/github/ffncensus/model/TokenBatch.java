package io.github.ffncensus.model;

import java.util.Arrays;
import java.util.List;

/**
 * Sequences that go through the model together, padded on the right to the longest.
 *
 * @param sequences at least one
 */
public record TokenBatch(List<TokenSequence> sequences) {

  public TokenBatch {
    sequences = List.copyOf(sequences);
    if (sequences.isEmpty()) {
      throw new IllegalArgumentException("a batch needs a sequence");
    }
  }

  /** A batch of bare token ids, numbered from 0. */
  public static TokenBatch of(int[]... rows) {
    TokenSequence[] sequences = new TokenSequence[rows.length];
    Arrays.setAll(sequences, row -> TokenSequence.of(row, rows[row]));
    return new TokenBatch(List.of(sequences));
  }

  /** Number of sequences. */
  public int size() {
    return sequences.size();
  }

  /** Tokens of the longest sequence, the second axis of every activation. */
  public int length() {
    return sequences.stream().mapToInt(TokenSequence::length).max().orElseThrow();
  }

  /** Tokens without padding. */
  public long tokens() {
    return sequences.stream().mapToLong(TokenSequence::length).sum();
  }

  /** Whether some sequence is shorter than the longest. */
  public boolean padded() {
    int length = length();
    return sequences.stream().anyMatch(sequence -> sequence.length() < length);
  }
}
