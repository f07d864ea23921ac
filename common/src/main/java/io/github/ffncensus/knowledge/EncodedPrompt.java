package io.github.ffncensus.knowledge;

import java.io.Serializable;
import java.util.List;

/**
 * A prompt of a fact as the model reads it, together with the answer's tokens y_1..y_n and where
 * each of them is predicted (Dai et al. 2022, section 3; several tokens by teacher forcing).
 *
 * @param promptId index of the prompt among those of its fact, from 0
 * @param contexts a causal model reads all tokens in one context; a masked model whose masks are
 *     filled from left to right reads each in a context of its own
 */
public record EncodedPrompt(
    String relation, String factId, int promptId, List<AnswerContext> contexts)
    implements Serializable {

  public EncodedPrompt {
    contexts = List.copyOf(contexts);
  }

  /** Number of the answer's tokens, n. */
  public int answerTokens() {
    return contexts.stream().mapToInt(context -> context.positions().length).sum();
  }

  /**
   * One sequence of tokens, with the positions whose coefficients count.
   *
   * @param tokens ids, special tokens included, no padding
   * @param positions q_j: token positions whose output predicts an answer's token; of a masked
   *     model those of mask tokens, of a causal one the position before each answer token
   * @param answers y_j: the answer's token that is predicted at each of the positions
   */
  public record AnswerContext(int[] tokens, int[] positions, int[] answers)
      implements Serializable {}
}
