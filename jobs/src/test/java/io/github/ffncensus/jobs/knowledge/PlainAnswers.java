package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.model.PlainTransformer.Change;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Answers of prompts, token by token, in plain double arithmetic. */
public record PlainAnswers(double probability, int rank, List<double[]> distributions) {

  /**
   * @param change applied at the answer's positions alone
   */
  public static PlainAnswers of(PlainTransformer model, EncodedPrompt prompt, Change change) {
    double sum = 0;
    int rank = 0;
    List<double[]> distributions = new ArrayList<>();
    for (AnswerContext context : prompt.contexts()) {
      Change atAnswers =
          (layer, position, neuron, c) ->
              Arrays.stream(context.positions()).anyMatch(q -> q == position)
                  ? change.apply(layer, position, neuron, c)
                  : c;
      for (int j = 0; j < context.positions().length; j++) {
        double[] p = model.probabilities(context.tokens(), context.positions()[j], atAnswers);
        double answer = p[context.answers()[j]];
        sum += Math.log(answer);
        rank = Math.max(rank, 1 + (int) Arrays.stream(p).filter(x -> x > answer).count());
        distributions.add(p);
      }
    }
    return new PlainAnswers(Math.exp(sum / distributions.size()), rank, distributions);
  }

  /** The most probable token at each position. */
  public int[] predicted() {
    return distributions.stream()
        .mapToInt(
            p -> {
              int best = 0;
              for (int token = 1; token < p.length; token++) {
                best = p[token] > p[best] ? token : best;
              }
              return best;
            })
        .toArray();
  }
}
