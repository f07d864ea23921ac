package io.github.ffncensus.interpret.patterns;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * How alike a neuron's distinct prefixes are, without any pattern. Means over pairs are null for a
 * single prefix.
 *
 * @param lastTokenConcentration share of the most frequent last token, 1 / prefixes to 1
 * @param lastTokenEffective exp of the entropy of last tokens, 1 to prefixes
 * @param commonSuffix mean over pairs of the longest common suffix, in words
 * @param lexicalDiversity mean over pairs of the Jaccard distance of the content words of their
 *     windows, without the last words
 * @param topicCoherence by how many standard errors the mean cosine of the same words, weighted by
 *     how rare they are, exceeds that of random pairs; null where random pairs are all alike
 * @param documentEffective exp of the entropy of documents
 * @param nextTokenConcentration share of the most frequent target among prefixes that have one;
 *     null if none has
 */
public record PatternScores(
    double lastTokenConcentration,
    double lastTokenEffective,
    Double commonSuffix,
    Double lexicalDiversity,
    Double topicCoherence,
    double documentEffective,
    Double nextTokenConcentration) {

  /**
   * @param prefixes distinct, at least one
   */
  static PatternScores of(List<Prefix> prefixes, PatternBackground background) {
    List<String> lastTokens = prefixes.stream().map(Prefix::lastToken).toList();
    List<String> targets = prefixes.stream().map(Prefix::target).filter(Objects::nonNull).toList();
    List<Set<String>> contents = prefixes.stream().map(PatternScores::contentOfWindow).toList();
    double suffix = 0;
    double distance = 0;
    double cosine = 0;
    int pairs = 0;
    for (int a = 0; a < prefixes.size(); a++) {
      for (int b = 0; b < a; b++) {
        suffix += commonSuffix(prefixes.get(a).words(), prefixes.get(b).words());
        distance += distance(contents.get(a), contents.get(b));
        cosine += cosine(contents.get(a), contents.get(b), background);
        pairs++;
      }
    }
    return new PatternScores(
        concentration(lastTokens),
        effective(lastTokens),
        pairs == 0 ? null : suffix / pairs,
        pairs == 0 ? null : distance / pairs,
        pairs == 0 ? null : coherence(cosine / pairs, pairs, background.likenessOfPairs()),
        effective(prefixes.stream().map(Prefix::documentId).toList()),
        targets.isEmpty() ? null : concentration(targets));
  }

  /** The content words of a prefix' window without its last word. */
  static Set<String> contentOfWindow(Prefix prefix) {
    Set<String> content = new HashSet<>();
    for (int i = prefix.window(); i < prefix.last(); i++) {
      if (prefix.content()[i]) {
        content.add(prefix.words().get(i));
      }
    }
    return content;
  }

  /** Of vectors that are 0 where a set lacks a word, else how much the word says; empty sets: 0. */
  static double cosine(Set<String> a, Set<String> b, PatternBackground background) {
    if (a.isEmpty() || b.isEmpty()) {
      return 0;
    }
    List<String> common = new ArrayList<>(a);
    common.retainAll(b);
    return common.isEmpty()
        ? 0
        : squares(common, background) / Math.sqrt(squares(a, background) * squares(b, background));
  }

  /** Sets have no order, and sums of doubles do. */
  private static double squares(Collection<String> words, PatternBackground background) {
    return words.stream()
        .mapToDouble(background::inverseFrequency)
        .map(weight -> weight * weight)
        .sorted()
        .sum();
  }

  private static Double coherence(
      double mean, int pairs, PatternBackground.Likeness likenessOfPairs) {
    return likenessOfPairs.deviation() == 0
        ? null
        : (mean - likenessOfPairs.mean()) / (likenessOfPairs.deviation() / Math.sqrt(pairs));
  }

  private static int commonSuffix(List<String> a, List<String> b) {
    int common = 0;
    int most = Math.min(a.size(), b.size());
    while (common < most && a.get(a.size() - 1 - common).equals(b.get(b.size() - 1 - common))) {
      common++;
    }
    return common;
  }

  private static double distance(Set<String> a, Set<String> b) {
    Set<String> union = new HashSet<>(a);
    union.addAll(b);
    int common = a.size() + b.size() - union.size();
    return union.isEmpty() ? 0 : 1 - common / (double) union.size();
  }

  private static double concentration(List<String> values) {
    return counts(values).values().stream().mapToInt(Integer::intValue).max().orElse(0)
        / (double) values.size();
  }

  private static double effective(List<String> values) {
    double entropy = 0;
    for (int count : counts(values).values().stream().sorted().toList()) {
      double share = count / (double) values.size();
      entropy -= share * Math.log(share);
    }
    return Math.exp(entropy);
  }

  private static Map<String, Integer> counts(List<String> values) {
    Map<String, Integer> counts = new HashMap<>();
    values.forEach(value -> counts.merge(value, 1, Integer::sum));
    return counts;
  }
}
