package io.github.ffncensus.text.entity;

import java.io.Serializable;

/** When a stretch of text is a name. */
public record MatchRules(LetterCase letterCase, Boundary boundary, Overlaps overlaps)
    implements Serializable {

  /** Whether upper and lower case differ. */
  public enum LetterCase {
    SENSITIVE,
    /** Equal after Unicode's full case folding. */
    INSENSITIVE
  }

  /** What a name may touch. */
  public enum Boundary {
    /** Names are whole words by {@link WordBoundary}. */
    UNICODE,
    /** Anything but an ASCII letter, whatever the name's own ends are. */
    ASCII_LETTERS
  }

  /** Which of several names that share text are found. */
  public enum Overlaps {
    /** From left to right, at each place the longest; what it covers is not searched again. */
    LONGEST,
    /** Each as if there were no others. */
    ALL
  }
}
