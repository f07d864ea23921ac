package io.github.ffncensus.interpret.patterns;

import io.github.ffncensus.SeededHash;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How often prefixes of the corpus at large have a pattern, counted over a sample of them. What is
 * kept are counts: its size is that of the sample's windows and words. Shared by the tasks of a
 * process.
 */
public final class PatternBackground {
  /** Pairs of prefixes whose likeness is measured, as many as a sample of the default size has. */
  private static final int RANDOM_PAIRS = 20_000;

  private static final int SALT = 5;

  private final int size;
  private final Map<String, Integer> wordNumbers;
  private final GramCounts grams;
  private final Map<Pattern, Integer> others;
  private final Map<String, Integer> documentFrequencies;
  private final Likeness likenessOfPairs;

  /** Mean and standard deviation of the cosines of random pairs. */
  record Likeness(double mean, double deviation) {}

  private PatternBackground(Builder builder, long seed) {
    size = builder.windows.size();
    wordNumbers = builder.wordNumbers;
    grams = new GramCounts(builder.windows);
    others = builder.others;
    documentFrequencies = builder.documentFrequencies;
    likenessOfPairs = likeness(builder.contents, seed);
  }

  /** Counts prefixes. */
  public static final class Builder {
    private final PatternSettings settings;
    private final PrefixReader reader;
    private final Map<String, Integer> wordNumbers = new HashMap<>();
    private final List<int[]> windows = new ArrayList<>();
    private final Map<Pattern, Integer> others = new HashMap<>();
    private final Map<String, Integer> documentFrequencies = new HashMap<>();
    private final List<Set<String>> contents = new ArrayList<>();

    public Builder(PatternSettings settings) {
      this.settings = settings;
      this.reader = settings.reader();
    }

    public void add(PrefixText text) {
      Prefix prefix = reader.read(text);
      windows.add(
          prefix.windowWords().stream()
              .mapToInt(word -> wordNumbers.computeIfAbsent(word, unseen -> wordNumbers.size()))
              .toArray());
      Set<Pattern> found = new HashSet<>();
      Candidates.forEachExceptGrams(prefix, found::add);
      found.forEach(pattern -> others.merge(pattern, 1, Integer::sum));
      Set<String> content = PatternScores.contentOfWindow(prefix);
      content.forEach(word -> documentFrequencies.merge(word, 1, Integer::sum));
      contents.add(content);
    }

    public PatternBackground build() {
      return new PatternBackground(this, settings.seed());
    }
  }

  /** Prefixes in the sample. */
  public int size() {
    return size;
  }

  /** How many of them have a pattern. */
  int matches(Pattern pattern) {
    return switch (pattern.kind()) {
      case NGRAM, SUFFIX_NGRAM, SKIP_PAIR -> matchesOfGram(pattern);
      default -> others.getOrDefault(pattern, 0);
    };
  }

  private int matchesOfGram(Pattern pattern) {
    int[] numbers = new int[pattern.words().size()];
    for (int i = 0; i < numbers.length; i++) {
      Integer number = wordNumbers.get(pattern.words().get(i));
      if (number == null) {
        return 0;
      }
      numbers[i] = number;
    }
    return switch (pattern.kind()) {
      case NGRAM -> grams.ofNgram(numbers);
      case SUFFIX_NGRAM -> grams.ofSuffix(numbers);
      default -> grams.ofPair(numbers[0], numbers[1]);
    };
  }

  /** How much a word says: more the fewer windows have it. Above 0. */
  double inverseFrequency(String word) {
    return Math.log((2.0 + size) / (1.0 + documentFrequencies.getOrDefault(word, 0)));
  }

  Likeness likenessOfPairs() {
    return likenessOfPairs;
  }

  /** Of pairs of different prefixes, drawn with replacement. */
  private Likeness likeness(List<Set<String>> contents, long seed) {
    if (size < 2) {
      return new Likeness(0, 0);
    }
    double mean = 0;
    double squares = 0;
    for (int pair = 0; pair < RANDOM_PAIRS; pair++) {
      int first = SeededHash.below(size, seed, SALT, pair, 0);
      int second = SeededHash.below(size - 1, seed, SALT, pair, 1);
      double cosine =
          PatternScores.cosine(
              contents.get(first), contents.get(second < first ? second : second + 1), this);
      double fromMean = cosine - mean;
      mean += fromMean / (pair + 1);
      squares += fromMean * (cosine - mean);
    }
    return new Likeness(mean, Math.sqrt(squares / RANDOM_PAIRS));
  }
}
