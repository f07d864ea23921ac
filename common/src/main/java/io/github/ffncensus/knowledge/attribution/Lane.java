package io.github.ffncensus.knowledge.attribution;

import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One context of a batch.
 *
 * @param request index of the request
 * @param unit index of what has a path and a target of its own: the request itself, or one of its
 *     pieces
 * @param tokens as far as the model has to read them
 * @param positions those whose coefficients are scaled, ascending
 * @param pieces by position, the index of the answer's token that is predicted there
 * @param unitPieces number of the unit's positions, those of other lanes included
 */
record Lane(int request, int unit, int[] tokens, int[] positions, int[] pieces, int unitPieces) {

  /** The lanes of requests, those of a request together. */
  static List<Lane> of(List<AttributionRequest> requests, AnswerPath path, boolean causal) {
    List<Lane> lanes = new ArrayList<>();
    int unit = 0;
    for (int request = 0; request < requests.size(); request++) {
      EncodedPrompt prompt = requests.get(request).prompt();
      int piece = 0;
      for (AnswerContext context : prompt.contexts()) {
        int[] positions = context.positions();
        if (path == AnswerPath.JOINT) {
          int[] pieces = new int[positions.length];
          for (int j = 0; j < positions.length; j++) {
            pieces[j] = piece++;
          }
          lanes.add(
              new Lane(
                  request,
                  unit,
                  read(context.tokens(), positions, causal),
                  positions,
                  pieces,
                  prompt.answerTokens()));
        } else {
          for (int position : positions) {
            int[] one = {position};
            int[] tokens = read(context.tokens(), one, causal);
            lanes.add(new Lane(request, unit++, tokens, one, new int[] {piece++}, 1));
          }
        }
      }
      unit += path == AnswerPath.JOINT ? 1 : 0;
    }
    return lanes;
  }

  /** A causal model's positions do not see what comes after the last of them. */
  private static int[] read(int[] tokens, int[] positions, boolean causal) {
    return causal ? Arrays.copyOf(tokens, positions[positions.length - 1] + 1) : tokens;
  }

  /** Positions from the first to the last, which a causal model runs again. */
  int span() {
    return positions[positions.length - 1] - positions[0] + 1;
  }
}
