package io.github.ffncensus.knowledge.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.RandomPrompts;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.PlainLens;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.model.Transformer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directions against differences of logits, and ranks, in plain double arithmetic. */
class AnswerDirectionsTest {
  private static final int[] TOKENS = {7, 12, 40};
  private static final double STEP = 1e-4;

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "roberta-gelu", "gpt2-gelu-new", "llama-silu"})
  void head_isWhereTheLogitGrowsAgainstTheMean(String fixture) {
    PlainTransformer plain = new PlainTransformer(Fixture.named(fixture).folder());
    try (Transformer model = DeviceShards.model(fixture);
        AnswerDirections directions = new AnswerDirections(model)) {
      AnswerContext context = RandomPrompts.of(model.architecture(), 2, 3).get(1).contexts().get(0);
      float[][] actual = directions.of(Direction.HEAD, context, TOKENS);
      int top = model.architecture().layers() - 1;
      for (int t = 0; t < TOKENS.length; t++) {
        int token = TOKENS[t];
        float[] direction = actual[t];
        assertThat(UpdateRule.norm(direction))
            .isCloseTo(norm(plain.outputEmbedding(token)), within(1e-4));
        // Along a value vector the logit changes as it does with the neuron's coefficient.
        double[] along = new double[model.architecture().intermediate()];
        double[] differences = new double[along.length];
        double scale = 0;
        double square = 0;
        for (int i = 0; i < along.length; i++) {
          double[] value = plain.value(top, i);
          along[i] =
              IntStream.range(0, value.length).mapToDouble(j -> value[j] * direction[j]).sum();
          differences[i] =
              (advantage(plain, context, token, top, i, STEP)
                      - advantage(plain, context, token, top, i, -STEP))
                  / (2 * STEP);
          scale += along[i] * differences[i];
          square += differences[i] * differences[i];
        }
        scale /= square;
        assertThat(scale).isPositive();
        double largest = Arrays.stream(along).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < along.length; i++) {
          assertThat(along[i]).isCloseTo(scale * differences[i], within(2e-4 * largest));
        }
      }
    }
  }

  /** The token's logit less the mean of all, which is the same of logarithms of probabilities. */
  private static double advantage(
      PlainTransformer plain, AnswerContext context, int token, int top, int neuron, double step) {
    int position = context.positions()[0];
    double[] p =
        plain.probabilities(
            context.tokens(),
            position,
            (layer, at, i, c) -> layer == top && at == position && i == neuron ? c + step : c);
    return Math.log(p[token]) - Arrays.stream(p).map(Math::log).average().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-relu-untied", "llama-silu"})
  void embeddings_areRowsOfTheOutput_andTheirRankIsWhatTheHeadMakesOfThemAlone(String fixture) {
    PlainLens plain = new PlainLens(Fixture.named(fixture).folder());
    try (Transformer model = DeviceShards.model(fixture);
        AnswerDirections directions = new AnswerDirections(model)) {
      AnswerContext unused = RandomPrompts.of(model.architecture(), 1, 3).get(0).contexts().get(0);
      float[][] actual = directions.of(Direction.EMBEDDING, unused, TOKENS);
      for (int t = 0; t < TOKENS.length; t++) {
        double[] embedding = plain.outputEmbedding(TOKENS[t]);
        for (int j = 0; j < embedding.length; j++) {
          assertThat((double) actual[t][j]).isCloseTo(embedding[j], within(1e-6));
        }
        double[] logits =
            plain.logits(
                plain.blockOutput(model.architecture().layers() - 1, embedding), Lens.HEAD);
        double own = logits[TOKENS[t]];
        assertThat(directions.rank(actual[t], TOKENS[t]))
            .isEqualTo(1 + (int) Arrays.stream(logits).filter(logit -> logit > own).count());
      }
    }
  }

  private static double norm(double[] x) {
    return Math.sqrt(Arrays.stream(x).map(value -> value * value).sum());
  }
}
