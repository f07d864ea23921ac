package io.github.ffncensus.analysis.positions;

/**
 * The memories of one layer at one position, counted. A memory with a positive coefficient votes
 * for the token that its value vector promotes most, one with a negative coefficient for the token
 * that its value vector promotes least, one with coefficient 0 for none.
 *
 * @param active memories with m > 0
 * @param negative memories with m < 0
 * @param large memories with |m| above a hundredth of the position's largest
 * @param agreeing memories that vote for top(y)
 * @param agreeingPositive those of them with m > 0
 * @param agreeingAll memories of any coefficient whose value vector promotes top(y) most
 * @param agreeingWithLayer memories that vote for top(o)
 * @param agreeingShare sum of |m| times the length of the value vector over the agreeing memories,
 *     as a share of that over all; 0 if no memory has a coefficient
 */
public record MemoryCounts(
    int active,
    int negative,
    int large,
    int agreeing,
    int agreeingPositive,
    int agreeingAll,
    int agreeingWithLayer,
    double agreeingShare) {}
