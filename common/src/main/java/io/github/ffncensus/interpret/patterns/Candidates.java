package io.github.ffncensus.interpret.patterns;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The patterns that some prefix has, and which prefixes have them. */
final class Candidates {
  static final int LONGEST_NGRAM = 4;

  /** Places from the first word of a skip pair to the second. */
  static final int NEAREST_PAIR = 2;

  static final int FARTHEST_PAIR = 5;

  private Candidates() {}

  /** Every pattern of these prefixes with the indexes of those that have it. */
  static Map<Pattern, BitSet> of(List<Prefix> prefixes) {
    Map<Pattern, BitSet> matches = new HashMap<>();
    for (int i = 0; i < prefixes.size(); i++) {
      int index = i;
      forEach(
          prefixes.get(i),
          pattern -> matches.computeIfAbsent(pattern, unseen -> new BitSet()).set(index));
    }
    return matches;
  }

  /** The patterns of a prefix, some of them more than once. */
  static void forEach(Prefix prefix, Consumer<Pattern> consumer) {
    grams(prefix.windowWords(), consumer);
    forEachExceptGrams(prefix, consumer);
  }

  /** Those that are not made of words of the window. */
  static void forEachExceptGrams(Prefix prefix, Consumer<Pattern> consumer) {
    consumer.accept(Pattern.of(PatternKind.LAST_TOKEN, prefix.lastToken()));
    if (prefix.lastStem() != null) {
      consumer.accept(Pattern.of(PatternKind.LAST_STEM, prefix.lastStem()));
    }
    prefix
        .shapes()
        .keySet()
        .forEach(s -> consumer.accept(Pattern.of(PatternKind.SHAPE, s.label())));
    for (int i = 0; i < prefix.last(); i++) {
      if (prefix.content()[i]) {
        consumer.accept(Pattern.of(PatternKind.TOPIC, prefix.words().get(i)));
      }
    }
    consumer.accept(Pattern.of(PatternKind.DOCUMENT, prefix.documentId()));
    if (prefix.target() != null) {
      consumer.accept(Pattern.of(PatternKind.NEXT_TOKEN, prefix.target()));
    }
  }

  private static void grams(List<String> window, Consumer<Pattern> consumer) {
    int size = window.size();
    for (int from = 0; from < size; from++) {
      for (int to = from + 2; to <= Math.min(size, from + LONGEST_NGRAM); to++) {
        List<String> words = List.copyOf(window.subList(from, to));
        consumer.accept(new Pattern(PatternKind.NGRAM, words));
        if (to == size) {
          consumer.accept(new Pattern(PatternKind.SUFFIX_NGRAM, words));
        }
      }
      for (int to = from + NEAREST_PAIR; to <= Math.min(size - 1, from + FARTHEST_PAIR); to++) {
        consumer.accept(
            new Pattern(PatternKind.SKIP_PAIR, List.of(window.get(from), window.get(to))));
      }
    }
  }
}
