package io.github.ffncensus.knowledge.edit;

import java.util.Locale;

/** What stands for an answer's token in the space that value vectors write to. */
public enum Direction {
  /** The token's row of the output embedding, as in the paper. */
  EMBEDDING,
  /**
   * Where the token's logit grows fastest against the mean of all logits: the gradient with respect
   * to what the last FFN writes, through norm and head, of the length of the embedding's row.
   */
  HEAD;

  /** As the tables have it. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
