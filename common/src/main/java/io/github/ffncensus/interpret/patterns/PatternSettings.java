package io.github.ffncensus.interpret.patterns;

import java.io.Serializable;
import java.util.List;

/**
 * What counts as a pattern.
 *
 * @param language tag of the corpus' language, for stems, stop words, names of months
 * @param stopWords instead of the language's own; null for those
 * @param windowWords words at a prefix' end in which n-grams and skip pairs are looked for
 * @param minSupport a pattern occurs in so many prefixes of a neuron or more
 * @param maxAdjustedP its p-value, times the number of patterns tested for the neuron, is at most
 *     this
 * @param seed decides which pairs of background prefixes are compared
 */
public record PatternSettings(
    String language,
    List<String> stopWords,
    int windowWords,
    int minSupport,
    double maxAdjustedP,
    long seed)
    implements Serializable {

  PrefixReader reader() {
    return new PrefixReader(this);
  }
}
