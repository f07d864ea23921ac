package io.github.ffncensus.knowledge.attribution;

/**
 * How the coefficients of an answer of several tokens are scaled. Of one token both are the same.
 */
public enum AnswerPath {
  /** Those at all its positions, in all contexts, together. */
  JOINT,
  /** Those at one position for the token that is predicted there; attributions are averaged. */
  PER_PIECE
}
