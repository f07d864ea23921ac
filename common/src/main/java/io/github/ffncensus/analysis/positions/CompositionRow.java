package io.github.ffncensus.analysis.positions;

/**
 * A row of the table {@code layer_composition}. What is a mean over positions is null where none
 * was sampled.
 *
 * @param activeFraction of the layer's memories
 * @param zeroAgreement share of positions where no memory votes for top(y)
 * @param activeP10 quantile over positions, exact
 * @param meanLarge memories with |m| above a hundredth of the position's largest
 * @param zeroAgreementPositive as {@code zeroAgreement}, with m > 0 alone voting
 * @param zeroAgreementAll as {@code zeroAgreement}, with every memory voting, whatever m is
 * @param zeroAgreementCode share of positions where no memory votes for top(o)
 * @param agreeingShare mean share of the agreeing memories in the sum of |m| times length
 * @param shortPrefix share of positions with fewer than five text tokens up to them
 * @param shortPrefixOfAgreeing the same among positions where some memory agrees; null if none
 */
public record CompositionRow(
    int layer,
    long positions,
    Double meanActive,
    Double activeFraction,
    Double zeroAgreement,
    Integer activeP10,
    Integer activeP50,
    Integer activeP90,
    Double meanNegative,
    Double meanLarge,
    Double zeroAgreementPositive,
    Double zeroAgreementAll,
    Double zeroAgreementCode,
    Double meanAgreeing,
    Double agreeingShare,
    Double shortPrefix,
    Double shortPrefixOfAgreeing) {}
