package io.github.ffncensus.knowledge.opendomain;

import java.io.Serializable;

/**
 * Where neurons are read in a text.
 *
 * @param maskId of the mask token; -1 for a causal model, which reads text as it stands
 * @param words what can be read in the place of a tail
 * @param wordLimit only the first so many words of a text; 0 for all
 * @param seed decides which word it is
 */
public record ReadingRules(int maskId, MaskRead read, WordKind words, int wordLimit, long seed)
    implements Serializable {

  /** Which of several masks in the place of a name or word is read. */
  public enum MaskRead {
    FIRST,
    /** All of them; a coefficient is their mean. */
    MEAN
  }

  /** What a word is. */
  public enum WordKind {
    /** By the rules of Unicode (UAX 29), with dictionaries for scripts without spaces. */
    UNICODE,
    /** What stands between single spaces, punctuation included. */
    SPACES
  }

  boolean isMasked() {
    return maskId >= 0;
  }
}
