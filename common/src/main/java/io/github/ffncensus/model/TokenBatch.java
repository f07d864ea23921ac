package io.github.ffncensus.model;

import java.util.Arrays;
import java.util.List;

/**
 * Sequences that go through the model together, padded on the right to one length.
 *
 * @param sequences at least one
 * @param length tokens of each row, padding included: the second axis of every activation
 */
public record TokenBatch(List<TokenSequence> sequences, int length) {

  public TokenBatch {
    sequences = List.copyOf(sequences);
    if (sequences.isEmpty()) {
      throw new IllegalArgumentException("a batch needs a sequence");
    }
    if (length < longest(sequences)) {
      throw new IllegalArgumentException("a sequence is longer than " + length);
    }
  }

  /** A batch padded to its longest sequence. */
  public TokenBatch(List<TokenSequence> sequences) {
    this(sequences, longest(sequences));
  }

  private static int longest(List<TokenSequence> sequences) {
    return sequences.stream().mapToInt(TokenSequence::length).max().orElse(0);
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

  /** Tokens without padding. */
  public long tokens() {
    return sequences.stream().mapToLong(TokenSequence::length).sum();
  }

  /** Whether some sequence is shorter than its row. */
  public boolean padded() {
    return sequences.stream().anyMatch(sequence -> sequence.length() < length);
  }
}
