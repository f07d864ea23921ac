package io.github.ffncensus.interpret.patterns;

import io.github.ffncensus.interpret.patterns.KeyPatterns.Labels;
import io.github.ffncensus.interpret.patterns.PatternKind.PatternClass;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * Names what a neuron's trigger prefixes share, as the annotators of Geva et al. 2021 did: whatever
 * recurs in at least three of them, provided that prefixes of the corpus at large do not have it as
 * often. Not thread-safe.
 */
public final class PatternFinder {
  private static final Comparator<FoundPattern> CLEAREST_FIRST =
      Comparator.comparingDouble(FoundPattern::score)
          .reversed()
          .thenComparing(found -> found.pattern().kind())
          .thenComparing(found -> found.pattern().text());

  private final PatternSettings settings;
  private final PatternBackground background;
  private final PrefixReader reader;

  public PatternFinder(PatternSettings settings, PatternBackground background) {
    this.settings = settings;
    this.background = background;
    this.reader = settings.reader();
  }

  /**
   * What the triggers of one neuron and polarity have in common.
   *
   * @param triggers by rank; at least one
   */
  public KeyPatterns find(List<PrefixText> triggers) {
    Map<List<String>, Prefix> byWords = new LinkedHashMap<>();
    for (PrefixText trigger : triggers) {
      Prefix prefix = reader.read(trigger);
      byWords.putIfAbsent(prefix.words(), prefix);
    }
    List<Prefix> prefixes = List.copyOf(byWords.values());
    Map<Pattern, BitSet> candidates = Candidates.of(prefixes);
    int tested = candidates.size();
    candidates.values().removeIf(matches -> matches.cardinality() < settings.minSupport());
    Maximal.keep(candidates);
    List<Found> found = new ArrayList<>();
    candidates.forEach(
        (pattern, matches) -> {
          Found test = test(pattern, matches, prefixes.size(), tested);
          if (test.adjustedP() <= settings.maxAdjustedP()) {
            found.add(test);
          }
        });
    BitSet shallow = new BitSet();
    BitSet semantic = new BitSet();
    Map<Pattern, Integer> counted = cover(found, prefixes, shallow, semantic);
    return new KeyPatterns(
        tested,
        found.stream()
            .map(test -> test.pattern(counted.get(test.pattern()), prefixes))
            .sorted(CLEAREST_FIRST)
            .toList(),
        labels(shallow, semantic, prefixes.size()),
        PatternScores.of(prefixes, background));
  }

  private Found test(Pattern pattern, BitSet matches, int prefixes, int tested) {
    int inBackground = background.matches(pattern);
    double rate = (1.0 + inBackground) / (2.0 + background.size());
    int support = matches.cardinality();
    BinomialDistribution byChance = BinomialDistribution.of(prefixes, rate);
    double p = byChance.survivalProbability(support - 1);
    double score = -(logTail(byChance, support) + Math.log(tested)) / Math.log(10);
    return new Found(pattern, matches, inBackground, rate, p, p * tested, score);
  }

  /**
   * ln P(X >= support): the first term's logarithm, and the others relative to the first, each of
   * which follows from the one before it. The probability itself may be too small for a double.
   */
  private static double logTail(BinomialDistribution distribution, int support) {
    int trials = distribution.getNumberOfTrials();
    double odds =
        distribution.getProbabilityOfSuccess() / (1 - distribution.getProbabilityOfSuccess());
    double term = 1;
    double sum = 1;
    for (int k = support; k < trials; k++) {
      term *= odds * (trials - k) / (k + 1);
      sum += term;
    }
    return distribution.logProbability(support) + Math.log(sum);
  }

  private record Found(
      Pattern pattern,
      BitSet matches,
      int inBackground,
      double rate,
      double p,
      double adjustedP,
      double score) {

    boolean is(PatternClass which) {
      return pattern.kind().patternClass() == which;
    }

    FoundPattern pattern(int counted, List<Prefix> prefixes) {
      return new FoundPattern(
          pattern,
          matches.cardinality(),
          counted,
          inBackground,
          rate,
          p,
          adjustedP,
          score,
          matches.stream().map(index -> prefixes.get(index).rank()).toArray());
    }
  }

  /**
   * Which prefixes have shallow and which have semantic patterns, and how many a pattern counts
   * for.
   */
  private static Map<Pattern, Integer> cover(
      List<Found> found, List<Prefix> prefixes, BitSet shallow, BitSet semantic) {
    Map<Pattern, Integer> counted = new HashMap<>();
    Map<Integer, BitSet> shallowWords = new HashMap<>();
    for (Found test : found) {
      counted.put(test.pattern(), test.matches().cardinality());
      if (test.is(PatternClass.SHALLOW)) {
        shallow.or(test.matches());
        test.matches().stream()
            .forEach(
                index ->
                    Places.mark(
                        test.pattern(),
                        prefixes.get(index),
                        shallowWords.computeIfAbsent(index, unmarked -> new BitSet())));
      }
    }
    for (Found test : found) {
      if (test.is(PatternClass.SEMANTIC)) {
        BitSet counts = (BitSet) test.matches().clone();
        if (test.pattern().kind() == PatternKind.TOPIC) {
          test.matches().stream()
              .filter(
                  index ->
                      !occursOutside(
                          test.pattern().words().get(0),
                          prefixes.get(index),
                          shallowWords.getOrDefault(index, new BitSet())))
              .forEach(counts::clear);
        }
        semantic.or(counts);
        counted.put(test.pattern(), counts.cardinality());
      }
    }
    return counted;
  }

  private static boolean occursOutside(String word, Prefix prefix, BitSet places) {
    for (int i = places.nextClearBit(0); i < prefix.last(); i = places.nextClearBit(i + 1)) {
      if (prefix.words().get(i).equals(word)) {
        return true;
      }
    }
    return false;
  }

  private static Labels labels(BitSet shallow, BitSet semantic, int prefixes) {
    BitSet both = (BitSet) shallow.clone();
    both.and(semantic);
    int inBoth = both.cardinality();
    int onlyShallow = shallow.cardinality() - inBoth;
    int onlySemantic = semantic.cardinality() - inBoth;
    return new Labels(
        onlyShallow, onlySemantic, inBoth, prefixes - onlyShallow - onlySemantic - inBoth);
  }
}
