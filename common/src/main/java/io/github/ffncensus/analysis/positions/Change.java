package io.github.ffncensus.analysis.positions;

/**
 * How a layer changes the prediction at a position, where top(o) is another token than top(r).
 *
 * @param cosine of the output embeddings of top(r) and top(o)
 * @param sharedStem whether the two are words of one stem
 * @param related whether top(o) is among the one in a hundred tokens nearest to top(r), or their
 *     stem is one
 * @param layerTokenRank of top(o) in r's distribution, from 1; null but in the last layer
 * @param residualTokenRank of top(r) in y under the lens of value vectors, from 1; null but in the
 *     last layer
 */
public record Change(
    double cosine,
    boolean sharedStem,
    boolean related,
    Integer layerTokenRank,
    Integer residualTokenRank) {}
