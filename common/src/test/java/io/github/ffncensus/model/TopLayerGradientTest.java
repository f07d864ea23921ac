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
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Attributions of the top layer follow from r and c alone, in closed form: with z = r + b2 + alpha
 * V c, F is softmax(E LN(z))[y] in a GPT-2, and softmax(E LN(gelu(W LN(z) + b)) + d)[y] in a BERT.
 * So dF/dz is p_y (E_y - sum_v p_v E_v) taken back through norms and transform. In double
 * arithmetic.
 */
class TopLayerGradientTest {
  private static final int HIDDEN = 32;
  private static final double EPSILON = 1e-3;
  private static final int STEPS = 20;
  private static final int[] TOKENS = {9, 31, 17, 54, 3};
  private static final int ANSWER = 12;

  @TempDir Path folder;

  private ModelCopy weights;

  @Test
  void topLayerOfACausalModel() {
    weights = ModelCopy.of("gpt2-gelu-new", folder);
    float[] down = weights.values("transformer.h.1.mlp.c_proj.weight");
    double[][] values = new double[128][HIDDEN];
    for (int i = 0; i < values.length; i++) {
      for (int j = 0; j < HIDDEN; j++) {
        values[i][j] = down[i * HIDDEN + j];
      }
    }
    double[] bias = wide("transformer.h.1.mlp.c_proj.bias");
    check("gpt2-gelu-new", TOKENS.length - 1, values, bias, this::causalGradient);
  }

  @Test
  void topLayerOfAMaskedModel() {
    weights = ModelCopy.of("bert-gelu", folder);
    float[] down = weights.values("bert.encoder.layer.2.output.dense.weight");
    double[][] values = new double[72][HIDDEN];
    for (int i = 0; i < values.length; i++) {
      for (int j = 0; j < HIDDEN; j++) {
        values[i][j] = down[j * values.length + i];
      }
    }
    double[] bias = wide("bert.encoder.layer.2.output.dense.bias");
    check("bert-gelu", 2, values, bias, this::maskedGradient);
  }

  /**
   * @param values of the top layer's neurons
   * @param gradient dF/dz at z
   */
  private static void check(
      String fixture,
      int position,
      double[][] values,
      double[] bias,
      UnaryOperator<double[]> gradient) {
    try (Transformer model = Taps.load(Fixture.named(fixture).folder())) {
      int top = model.architecture().layers() - 1;
      Taps taps = Taps.of(model, TOKENS);
      double[] r = row(taps.before.get(top), position, HIDDEN);
      double[] c = row(taps.coefficients.get(top), position, values.length);
      double[] expected = attributions(values, bias, r, c, gradient);
      EncodedPrompt prompt =
          new EncodedPrompt(
              "P0",
              "P0-0",
              0,
              List.of(new AnswerContext(TOKENS, new int[] {position}, new int[] {ANSWER})));
      PromptAttribution result =
          Attributions.of(model, AttributionOptions.of(StepRule.MIDPOINT, STEPS), List.of(prompt))
              .get(0);
      double largest = 0;
      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        worst = Math.max(worst, Math.abs(expected[i] - result.attributions()[top][i]));
      }
      assertThat(worst / largest).isLessThan(1e-5);
    }
  }

  private static double[] row(float[] all, int row, int width) {
    return IntStream.range(0, width).mapToDouble(i -> all[row * width + i]).toArray();
  }

  private static double[] attributions(
      double[][] values, double[] bias, double[] r, double[] c, UnaryOperator<double[]> gradient) {
    double[] mean = new double[c.length];
    for (int k = 0; k < STEPS; k++) {
      double alpha = (k + 0.5) / STEPS;
      double[] z = new double[HIDDEN];
      for (int j = 0; j < HIDDEN; j++) {
        z[j] = r[j] + bias[j];
        for (int i = 0; i < c.length; i++) {
          z[j] += alpha * c[i] * values[i][j];
        }
      }
      double[] dz = gradient.apply(z);
      for (int i = 0; i < c.length; i++) {
        for (int j = 0; j < HIDDEN; j++) {
          mean[i] += values[i][j] * dz[j] / STEPS;
        }
      }
    }
    return IntStream.range(0, c.length).mapToDouble(i -> c[i] * mean[i]).toArray();
  }

  private double[] causalGradient(double[] z) {
    double[] h = norm(z, "transformer.ln_f");
    double[] dh = answerGradient(h, "transformer.wte.weight", new double[0]);
    return throughNorm(z, "transformer.ln_f", dh);
  }

  private double[] maskedGradient(double[] z) {
    String layerNorm = "bert.encoder.layer.2.output.LayerNorm";
    String headNorm = "cls.predictions.transform.LayerNorm";
    double[] dense = wide("cls.predictions.transform.dense.weight");
    double[] denseBias = wide("cls.predictions.transform.dense.bias");
    double[] o = norm(z, layerNorm);
    double[] t = new double[HIDDEN];
    double[] activated = new double[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      t[i] = denseBias[i];
      for (int j = 0; j < HIDDEN; j++) {
        t[i] += dense[i * HIDDEN + j] * o[j];
      }
      activated[i] = t[i] * gaussian(t[i]);
    }
    double[] h = norm(activated, headNorm);
    double[] dh =
        answerGradient(h, "bert.embeddings.word_embeddings.weight", wide("cls.predictions.bias"));
    double[] dActivated = throughNorm(activated, headNorm, dh);
    double[] dOutput = new double[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      double density = Math.exp(-t[i] * t[i] / 2) / Math.sqrt(2 * Math.PI);
      double dt = dActivated[i] * (gaussian(t[i]) + t[i] * density);
      for (int j = 0; j < HIDDEN; j++) {
        dOutput[j] += dt * dense[i * HIDDEN + j];
      }
    }
    return throughNorm(z, layerNorm, dOutput);
  }

  /** The normal distribution function, which GELU multiplies with. */
  private static double gaussian(double x) {
    return 0.5 * (1 + PlainLens.erf(x / Math.sqrt(2)));
  }

  /** p_y (E_y - sum_v p_v E_v), where the output embedding reads h. */
  private double[] answerGradient(double[] h, String embeddingName, double[] bias) {
    float[] embedding = weights.values(embeddingName);
    int vocabulary = embedding.length / HIDDEN;
    double[] exponentials = new double[vocabulary];
    double sum = 0;
    for (int v = 0; v < vocabulary; v++) {
      double logit = bias.length == 0 ? 0 : bias[v];
      for (int j = 0; j < HIDDEN; j++) {
        logit += embedding[v * HIDDEN + j] * h[j];
      }
      exponentials[v] = Math.exp(logit);
      sum += exponentials[v];
    }
    double[] gradient = new double[HIDDEN];
    for (int j = 0; j < HIDDEN; j++) {
      gradient[j] = embedding[ANSWER * HIDDEN + j];
      for (int v = 0; v < vocabulary; v++) {
        gradient[j] -= exponentials[v] / sum * embedding[v * HIDDEN + j];
      }
      gradient[j] *= exponentials[ANSWER] / sum;
    }
    return gradient;
  }

  private double[] wide(String tensor) {
    float[] values = weights.values(tensor);
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  private double[] norm(double[] x, String name) {
    double[] gain = wide(name + ".weight");
    double[] shift = wide(name + ".bias");
    double[] normed = normed(x);
    return IntStream.range(0, x.length).mapToDouble(j -> gain[j] * normed[j] + shift[j]).toArray();
  }

  private static double mean(double[] x) {
    return IntStream.range(0, x.length).mapToDouble(j -> x[j]).average().orElseThrow();
  }

  private static double deviation(double[] x) {
    double mean = mean(x);
    double variance =
        IntStream.range(0, x.length)
            .mapToDouble(j -> Math.pow(x[j] - mean, 2))
            .average()
            .orElseThrow();
    return Math.sqrt(variance + EPSILON);
  }

  private static double[] normed(double[] x) {
    double mean = mean(x);
    double deviation = deviation(x);
    return IntStream.range(0, x.length).mapToDouble(j -> (x[j] - mean) / deviation).toArray();
  }

  /** Takes a gradient with respect to a norm's output back to its input. */
  private double[] throughNorm(double[] x, String name, double[] gradient) {
    double[] gain = wide(name + ".weight");
    double[] normed = normed(x);
    double deviation = deviation(x);
    double average = 0;
    double along = 0;
    for (int j = 0; j < x.length; j++) {
      average += gain[j] * gradient[j] / x.length;
      along += gain[j] * gradient[j] * normed[j] / x.length;
    }
    double[] back = new double[x.length];
    for (int j = 0; j < x.length; j++) {
      back[j] = (gain[j] * gradient[j] - average - normed[j] * along) / deviation;
    }
    return back;
  }
}
