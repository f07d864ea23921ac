package io.github.ffncensus.interpret.patterns;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Leaves out patterns that say less of the same prefixes than another. */
final class Maximal {
  private Maximal() {}

  /** Prefixes that have a pattern of a kind. */
  private record Group(PatternKind kind, BitSet matches) {}

  /**
   * Drops a pattern if the same prefixes have a longer one of its kind, a skip pair if the same
   * prefixes have an n-gram that holds it, and {@code number} if the same prefixes are years.
   */
  static void keep(Map<Pattern, BitSet> patterns) {
    Map<Group, Integer> longest = new HashMap<>();
    Map<BitSet, List<Pattern>> ngrams = new HashMap<>();
    patterns.forEach(
        (pattern, matches) -> {
          longest.merge(new Group(pattern.kind(), matches), pattern.words().size(), Math::max);
          if (pattern.kind() == PatternKind.NGRAM) {
            ngrams.computeIfAbsent(matches, none -> new ArrayList<>()).add(pattern);
          }
        });
    BitSet years = patterns.get(Pattern.of(PatternKind.SHAPE, Shape.YEAR.label()));
    patterns
        .entrySet()
        .removeIf(
            entry -> {
              Pattern pattern = entry.getKey();
              BitSet matches = entry.getValue();
              return switch (pattern.kind()) {
                case NGRAM, SUFFIX_NGRAM ->
                    pattern.words().size() < longest.get(new Group(pattern.kind(), matches));
                case SKIP_PAIR ->
                    ngrams.getOrDefault(matches, List.of()).stream()
                        .anyMatch(ngram -> holds(ngram.words(), pattern.words()));
                case SHAPE ->
                    pattern.words().get(0).equals(Shape.NUMBER.label()) && matches.equals(years);
                default -> false;
              };
            });
  }

  private static boolean holds(List<String> ngram, List<String> pair) {
    for (int from = 0; from < ngram.size(); from++) {
      if (ngram.get(from).equals(pair.get(0))
          && ngram
              .subList(Math.min(ngram.size(), from + Candidates.NEAREST_PAIR), ngram.size())
              .contains(pair.get(1))) {
        return true;
      }
    }
    return false;
  }
}
