package io.github.ffncensus.text.entity;

/**
 * A name found in a text.
 *
 * @param name its number, see {@link EntityMatcher#name}
 * @param start first code point of the text
 * @param end code point after the last
 */
public record EntityMatch(int name, int start, int end) {

  /** Whether two stretches share a code point. */
  public boolean overlaps(EntityMatch other) {
    return start < other.end && other.start < end;
  }
}
