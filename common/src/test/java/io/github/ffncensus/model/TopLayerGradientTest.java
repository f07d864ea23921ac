package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.Attributions;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.attribution.StepRule;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Attributions of the top layer of a GPT-2 follow from r and c alone, in closed form: F = softmax(E
 * LN(r + b2 + alpha V c))[y], so dF/dy = p_y J^T (E_y - sum_v p_v E_v) with J of the norm. In
 * double arithmetic.
 */
class TopLayerGradientTest {
  private static final int HIDDEN = 32;
  private static final int WIDTH = 128;
  private static final int TOP = 1;
  private static final double EPSILON = 1e-3;
  private static final int STEPS = 20;

  @TempDir Path folder;

  @Test
  void topLayer_followsInClosedForm() {
    ModelCopy weights = ModelCopy.of("gpt2-gelu-new", folder);
    int[] tokens = {9, 31, 17, 54, 3};
    int answer = 12;
    int position = tokens.length - 1;
    try (Transformer model = Taps.load(Fixture.named("gpt2-gelu-new").folder())) {
      Taps taps = Taps.of(model, tokens);
      double[] residual = row(taps.before.get(TOP), position, HIDDEN);
      double[] coefficients = row(taps.coefficients.get(TOP), position, WIDTH);
      double[] expected = attributions(weights, residual, coefficients, answer);

      EncodedPrompt prompt =
          new EncodedPrompt(
              "P0",
              "P0-0",
              0,
              List.of(new AnswerContext(tokens, new int[] {position}, new int[] {answer})));
      PromptAttribution result =
          Attributions.of(model, AttributionOptions.of(StepRule.MIDPOINT, STEPS), List.of(prompt))
              .get(0);
      double largest = 0;
      double worst = 0;
      for (int i = 0; i < WIDTH; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        worst = Math.max(worst, Math.abs(expected[i] - result.attributions()[TOP][i]));
      }
      assertThat(worst / largest).isLessThan(1e-5);
    }
  }

  private static double[] row(float[] all, int row, int width) {
    return IntStream.range(0, width).mapToDouble(i -> all[row * width + i]).toArray();
  }

  private static double[] attributions(ModelCopy weights, double[] r, double[] c, int answer) {
    float[] values = weights.values("transformer.h.1.mlp.c_proj.weight");
    float[] bias = weights.values("transformer.h.1.mlp.c_proj.bias");
    double[] mean = new double[WIDTH];
    for (int k = 0; k < STEPS; k++) {
      double alpha = (k + 0.5) / STEPS;
      double[] state = new double[HIDDEN];
      for (int j = 0; j < HIDDEN; j++) {
        state[j] = r[j] + bias[j];
        for (int i = 0; i < WIDTH; i++) {
          state[j] += alpha * c[i] * values[i * HIDDEN + j];
        }
      }
      double[] gradient = gradient(weights, state, answer);
      for (int i = 0; i < WIDTH; i++) {
        for (int j = 0; j < HIDDEN; j++) {
          mean[i] += values[i * HIDDEN + j] * gradient[j] / STEPS;
        }
      }
    }
    return IntStream.range(0, WIDTH).mapToDouble(i -> c[i] * mean[i]).toArray();
  }

  /** Of the answer's probability, with respect to what comes out of the top layer. */
  private static double[] gradient(ModelCopy weights, double[] state, int answer) {
    float[] gain = weights.values("transformer.ln_f.weight");
    float[] shift = weights.values("transformer.ln_f.bias");
    float[] embedding = weights.values("transformer.wte.weight");
    int vocabulary = embedding.length / HIDDEN;
    double mean = IntStream.range(0, HIDDEN).mapToDouble(j -> state[j]).average().orElseThrow();
    double variance =
        IntStream.range(0, HIDDEN)
            .mapToDouble(j -> Math.pow(state[j] - mean, 2))
            .average()
            .orElseThrow();
    double deviation = Math.sqrt(variance + EPSILON);
    double[] normed = new double[HIDDEN];
    for (int j = 0; j < HIDDEN; j++) {
      normed[j] = (state[j] - mean) / deviation;
    }
    double[] exponentials = new double[vocabulary];
    double sum = 0;
    for (int v = 0; v < vocabulary; v++) {
      double logit = 0;
      for (int j = 0; j < HIDDEN; j++) {
        logit += embedding[v * HIDDEN + j] * (gain[j] * normed[j] + shift[j]);
      }
      exponentials[v] = Math.exp(logit);
      sum += exponentials[v];
    }
    double p = exponentials[answer] / sum;
    double[] ofNormed = new double[HIDDEN];
    for (int j = 0; j < HIDDEN; j++) {
      ofNormed[j] = embedding[answer * HIDDEN + j];
      for (int v = 0; v < vocabulary; v++) {
        ofNormed[j] -= exponentials[v] / sum * embedding[v * HIDDEN + j];
      }
      ofNormed[j] *= p * gain[j];
    }
    double average = 0;
    double along = 0;
    for (int j = 0; j < HIDDEN; j++) {
      average += ofNormed[j] / HIDDEN;
      along += ofNormed[j] * normed[j] / HIDDEN;
    }
    double[] gradient = new double[HIDDEN];
    for (int j = 0; j < HIDDEN; j++) {
      gradient[j] = (ofNormed[j] - average - normed[j] * along) / deviation;
    }
    return gradient;
  }
}
