package io.github.ffncensus.knowledge.attribution;

/** Whose probability is attributed. */
public enum TargetTokens {
  /** The answer's tokens. */
  GOLD,
  /** At each position, what the model itself predicts there in the clean pass. */
  PREDICTED,
  /** Those that come with the request. */
  GIVEN
}
