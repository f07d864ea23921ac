package io.github.ffncensus.knowledge.attribution;

import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import java.util.List;

/**
 * A prompt whose answer is to be attributed.
 *
 * @param given token at each position of each context, where {@link TargetTokens#GIVEN} is asked
 *     for; else empty
 * @param foils token at each position of each context, where {@link AttributionTarget#CONTRAST} is
 *     asked for; else empty
 */
public record AttributionRequest(EncodedPrompt prompt, List<int[]> given, List<int[]> foils) {

  public AttributionRequest {
    given = List.copyOf(given);
    foils = List.copyOf(foils);
    requireLikeAnswers(prompt, given);
    requireLikeAnswers(prompt, foils);
  }

  /** A request for the answer itself, or for what the model predicts. */
  public static AttributionRequest of(EncodedPrompt prompt) {
    return new AttributionRequest(prompt, List.of(), List.of());
  }

  private static void requireLikeAnswers(EncodedPrompt prompt, List<int[]> tokens) {
    List<AnswerContext> contexts = prompt.contexts();
    if (tokens.isEmpty()) {
      return;
    }
    boolean fits = tokens.size() == contexts.size();
    for (int i = 0; fits && i < tokens.size(); i++) {
      fits = tokens.get(i).length == contexts.get(i).positions().length;
    }
    if (!fits) {
      throw new IllegalArgumentException("a token is needed for each position of each context");
    }
  }
}
