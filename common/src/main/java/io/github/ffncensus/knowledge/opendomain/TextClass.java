package io.github.ffncensus.knowledge.opendomain;

import java.util.Locale;

/** What a text has to do with a fact; in the order of the paper's T1, T2, T3. */
public enum TextClass {
  HEAD_AND_TAIL,
  HEAD_ONLY,
  RANDOM;

  /** As the tables have it, such as {@code head_only}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The class with this label. */
  public static TextClass of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
