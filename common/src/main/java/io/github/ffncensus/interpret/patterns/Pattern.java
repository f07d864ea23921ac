package io.github.ffncensus.interpret.patterns;

import java.util.List;

/**
 * Something that prefixes can share.
 *
 * @param words lower case; two for a skip pair, two to four for n-grams, else one: a token, stem,
 *     word, shape or document id
 */
public record Pattern(PatternKind kind, List<String> words) {
  /** Stands for the words between those of a skip pair. */
  static final String GAP = " _ ";

  static Pattern of(PatternKind kind, String word) {
    return new Pattern(kind, List.of(word));
  }

  /** As in tables. */
  public String text() {
    return String.join(kind == PatternKind.SKIP_PAIR ? GAP : " ", words);
  }
}
