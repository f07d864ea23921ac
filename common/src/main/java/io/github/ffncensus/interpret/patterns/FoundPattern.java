package io.github.ffncensus.interpret.patterns;

/**
 * A pattern that a neuron's prefixes have more often than chance gives.
 *
 * @param support distinct prefixes of the neuron that have it
 * @param counted those of them that it makes shallow or semantic: a topic word inside a shallow
 *     pattern does not count
 * @param backgroundMatches prefixes of the background sample that have it
 * @param backgroundRate (1 + backgroundMatches) / (2 + prefixes of the background)
 * @param pValue of as much support or more, if the neuron's prefixes were drawn at random
 * @param adjustedP pValue times the number of patterns tested for the neuron
 * @param score -log10 of adjustedP, also where that is too small for a double
 * @param ranks of the triggers that have it, ascending; of equal prefixes the first rank
 */
public record FoundPattern(
    Pattern pattern,
    int support,
    int counted,
    int backgroundMatches,
    double backgroundRate,
    double pValue,
    double adjustedP,
    double score,
    int[] ranks) {}
