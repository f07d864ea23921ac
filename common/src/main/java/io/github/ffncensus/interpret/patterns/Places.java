package io.github.ffncensus.interpret.patterns;

import java.util.BitSet;
import java.util.List;

/** Which words of a prefix a pattern is made of. */
final class Places {
  private Places() {}

  /** Marks the words of every occurrence of a shallow pattern in a prefix that has it. */
  static void mark(Pattern pattern, Prefix prefix, BitSet words) {
    int size = prefix.words().size();
    switch (pattern.kind()) {
      case LAST_TOKEN, LAST_STEM -> {
        if (size > 0) {
          words.set(size - 1);
        }
      }
      case SUFFIX_NGRAM -> words.set(size - pattern.words().size(), size);
      case NGRAM -> markNgram(pattern.words(), prefix, words);
      case SKIP_PAIR -> markPairs(pattern.words(), prefix, words);
      case SHAPE ->
          prefix
              .shapes()
              .forEach(
                  (shape, place) -> {
                    if (shape.label().equals(pattern.words().get(0))) {
                      words.set(place);
                    }
                  });
      default -> throw new IllegalArgumentException(pattern.kind() + " is not made of words");
    }
  }

  private static void markNgram(List<String> ngram, Prefix prefix, BitSet words) {
    for (int from = prefix.window(); from + ngram.size() <= prefix.words().size(); from++) {
      if (prefix.words().subList(from, from + ngram.size()).equals(ngram)) {
        words.set(from, from + ngram.size());
      }
    }
  }

  private static void markPairs(List<String> pair, Prefix prefix, BitSet words) {
    List<String> all = prefix.words();
    for (int from = prefix.window(); from < all.size(); from++) {
      if (all.get(from).equals(pair.get(0))) {
        int farthest = Math.min(all.size() - 1, from + Candidates.FARTHEST_PAIR);
        for (int to = from + Candidates.NEAREST_PAIR; to <= farthest; to++) {
          if (all.get(to).equals(pair.get(1))) {
            words.set(from);
            words.set(to);
          }
        }
      }
    }
  }
}
