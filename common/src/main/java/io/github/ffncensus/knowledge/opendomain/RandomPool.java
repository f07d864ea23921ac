package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.SeededHash;
import java.io.Serializable;

/**
 * The sequences from which all facts draw their random ones: about {@code size} of the corpus, each
 * chosen by its own hash, so that facts share runs of the model and no fact needs a pass over the
 * corpus.
 *
 * @param sequences of the corpus; at most {@code size} of them are all chosen
 * @param size expected number of sequences
 */
public record RandomPool(long seed, long sequences, int size, Source source)
    implements Serializable {
  private static final int POOL_SALT = 5;
  private static final int DRAW_SALT = 6;

  /** Which sequences of the pool a fact may draw. */
  public enum Source {
    /** Those in which neither its head nor its tail stands. */
    NEITHER,
    /** Those that mention the head of any fact, its own included. */
    MENTIONS
  }

  /** Whether a sequence is in the pool, as far as its number goes. */
  boolean contains(long sequenceId) {
    if (sequences <= size) {
      return true;
    }
    long bound = Long.divideUnsigned(-1L, sequences) * size;
    return Long.compareUnsigned(SeededHash.of(seed, POOL_SALT, sequenceId), bound) < 0;
  }

  /**
   * A fact draws the sequences where this is least.
   *
   * @param factKey see {@link FactNames#key}
   * @return at least 0
   */
  long order(long sequenceId, long factKey) {
    return SeededHash.of(seed, DRAW_SALT, sequenceId, factKey) >>> 1;
  }
}
