package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.table.SequenceRow;
import java.util.Optional;

/**
 * Consecutive tokens of a sequence.
 *
 * @param from first position
 * @param to end, exclusive; after {@code from}
 */
public record TokenRange(int from, int to) {

  /**
   * The tokens that have a part in a stretch of text, from the first to the last of them; none if
   * the tokenizer made nothing of it.
   *
   * @param start first code point
   * @param end code point after the last
   */
  static Optional<TokenRange> of(SequenceRow sequence, int start, int end) {
    int from = -1;
    int to = -1;
    for (int t = 0; t < sequence.tokenIds().length; t++) {
      if (sequence.tokenStarts()[t] >= 0
          && sequence.tokenStarts()[t] < end
          && sequence.tokenEnds()[t] > start) {
        from = from < 0 ? t : from;
        to = t + 1;
      }
    }
    return from < 0 ? Optional.empty() : Optional.of(new TokenRange(from, to));
  }
}
