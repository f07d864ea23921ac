package io.github.ffncensus.interpret.patterns;

import java.util.Arrays;
import java.util.List;

/**
 * What a neuron's triggers of one polarity have in common.
 *
 * @param tested different patterns that any of the prefixes has: all of them could have recurred,
 *     so all count as tested
 * @param patterns those that are more frequent than chance gives, highest score first
 * @param labels how the prefixes divide
 */
public record KeyPatterns(
    int tested, List<FoundPattern> patterns, Labels labels, PatternScores scores) {

  /**
   * Prefixes by what covers them; they sum to all distinct prefixes.
   *
   * @param shallow those with shallow patterns only
   * @param semantic those with semantic patterns only
   */
  public record Labels(int shallow, int semantic, int both, int notCovered) {
    public int prefixes() {
      return shallow + semantic + both + notCovered;
    }
  }

  /**
   * Patterns of the input, those that the same prefixes have counted once: what a person would
   * name.
   */
  public int distinctPatterns() {
    return (int)
        patterns.stream()
            .filter(found -> found.pattern().kind() != PatternKind.NEXT_TOKEN)
            .map(found -> Arrays.stream(found.ranks()).boxed().toList())
            .distinct()
            .count();
  }
}
