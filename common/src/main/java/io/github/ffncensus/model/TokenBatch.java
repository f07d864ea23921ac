package io.github.ffncensus.model;

import java.util.List;

/**
 * Sequences of token ids that go through the model together, padded on the right to the longest.
 *
 * @param ids one array per sequence, none empty
 */
public record TokenBatch(List<int[]> ids) {

  public TokenBatch {
    ids = List.copyOf(ids);
    if (ids.isEmpty() || ids.stream().anyMatch(row -> row.length == 0)) {
      throw new IllegalArgumentException("a batch needs sequences, each with a token");
    }
  }

  /** Number of sequences. */
  public int size() {
    return ids.size();
  }

  /** Tokens of the longest sequence, the second axis of every activation. */
  public int length() {
    return ids.stream().mapToInt(row -> row.length).max().orElseThrow();
  }

  /** Tokens without padding. */
  public long tokens() {
    return ids.stream().mapToLong(row -> row.length).sum();
  }

  /** Whether some sequence is shorter than the longest. */
  public boolean padded() {
    int length = length();
    return ids.stream().anyMatch(row -> row.length < length);
  }
}
