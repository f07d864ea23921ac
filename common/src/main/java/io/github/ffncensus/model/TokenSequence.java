package io.github.ffncensus.model;

import java.util.Arrays;

/**
 * One sequence as the model reads it.
 *
 * @param id sequence_id of the corpus
 * @param tokens token ids, special tokens included
 * @param special positions that the tokenizer added ([CLS], start symbol ...); they take part in
 *     the forward pass but are never counted and never are triggers
 */
public record TokenSequence(long id, int[] tokens, boolean[] special) {

  public TokenSequence {
    if (tokens.length == 0 || tokens.length != special.length) {
      throw new IllegalArgumentException(
          "sequence " + id + ": no tokens, or masks of another length");
    }
  }

  /** A sequence of text tokens alone. */
  public static TokenSequence of(long id, int... tokens) {
    return new TokenSequence(id, tokens, new boolean[tokens.length]);
  }

  public int length() {
    return tokens.length;
  }

  /** Number of text tokens. */
  public int textTokens() {
    int count = 0;
    for (boolean added : special) {
      count += added ? 0 : 1;
    }
    return count;
  }

  @Override
  public String toString() {
    return "sequence " + id + " " + Arrays.toString(tokens);
  }
}
