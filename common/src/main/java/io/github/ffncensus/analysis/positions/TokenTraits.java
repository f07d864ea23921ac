package io.github.ffncensus.analysis.positions;

import java.io.Serializable;
import java.util.BitSet;

/**
 * What is known of the tokens of a vocabulary beyond the model.
 *
 * @param stopWords tokens that are stop words of the corpus' language; empty if it has none
 * @param stems by token, the same number for words of one stem; -1 for what is no word. Tokens
 *     beyond the array are no words.
 */
public record TokenTraits(BitSet stopWords, int[] stems) {

  /** Where a task gets them; travels with the analysis. */
  @FunctionalInterface
  public interface Source extends Serializable {
    TokenTraits get();
  }

  /** Nothing known. */
  public static TokenTraits none() {
    return new TokenTraits(new BitSet(), new int[0]);
  }

  boolean shareStem(long a, long b) {
    int stem = stem(a);
    return stem >= 0 && stem == stem(b);
  }

  private int stem(long token) {
    return token < stems.length ? stems[(int) token] : -1;
  }
}
