package io.github.ffncensus.analysis.positions;

/**
 * A row of the table {@code layer_composition}. What is a mean over positions is null where none
 * was sampled.
 *
 * @param activeFraction of the layer's memories
 * @param zeroAgreement share of positions where no memory votes for top(y)
 * @param active how the number of active memories is distributed over positions
 * @param meanLarge memories with |m| above a hundredth of the position's largest
 * @param zeroAgreementPositive as {@code zeroAgreement}, with m > 0 alone voting
 * @param zeroAgreementAll as {@code zeroAgreement}, with every memory voting, whatever m is
 * @param zeroAgreementCode share of positions where no memory votes for top(o)
 * @param agreeingShare mean share of the agreeing memories in the sum of |m| times length
 * @param shortPrefix share of positions with fewer than five text tokens up to them
 * @param shortPrefixOfAgreeing the same among positions where some memory agrees; null if none
 * @param stopWord share of positions where top(y) is a stop word
 * @param stopWordOfAgreeing the same among positions where some memory agrees; null if none
 */
public record CompositionRow(
    int layer,
    long positions,
    Double meanActive,
    Double activeFraction,
    Double zeroAgreement,
    Active active,
    Double meanNegative,
    Double meanLarge,
    Double zeroAgreementPositive,
    Double zeroAgreementAll,
    Double zeroAgreementCode,
    Double meanAgreeing,
    Double agreeingShare,
    Double shortPrefix,
    Double shortPrefixOfAgreeing,
    Double stopWord,
    Double stopWordOfAgreeing) {

  /** The values of ranks ceil(q n) of n positions, exact; null without positions. */
  public record Active(
      Integer min, Integer p10, Integer p25, Integer p50, Integer p75, Integer p90, Integer max) {}
}
