package io.github.ffncensus.knowledge;

import java.util.Arrays;

/**
 * What a model makes of a prompt's answer y_1..y_n, each token given those before it.
 *
 * @param logProbability mean over j of log p(y_j): the logarithm of P = (prod p_j)^(1/n)
 * @param rank the worst rank of an answer token among the vocabulary at its position, from 1; of
 *     equal logits the lower token id comes first
 * @param predicted the top token at each of the positions
 */
public record AnswerReading(double logProbability, int rank, int[] predicted) {

  /** P = (prod p_j)^(1/n); of a one-token answer its probability. */
  public double probability() {
    return Math.exp(logProbability);
  }

  /** Whether the model predicts the same tokens in both readings. */
  public boolean predictsAs(AnswerReading other) {
    return Arrays.equals(predicted, other.predicted);
  }
}
