package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.model.ModelFamily.Part;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for the feed-forward layers of every model, whatever its weights. */
class FfnAlgebraTest {
  @TempDir Path folder;

  static List<Fixture> fixtures() {
    return Fixture.all();
  }

  static List<Fixture> float32Fixtures() {
    return fixtures().stream().filter(fixture -> fixture.hasDtype("F32")).toList();
  }

  @ParameterizedTest
  @MethodSource("float32Fixtures")
  void coefficientsTimesValues_addUpToTheFfnOutput(Fixture fixture) {
    ModelFolder model = ModelFolder.open(fixture.folder());
    int width = model.architecture().intermediate();
    int hidden = model.architecture().hidden();
    try (Transformer transformer = Taps.load(fixture.folder())) {
      Taps taps = Taps.of(transformer, fixture.sequences().toArray(int[][]::new));
      for (int l = 0; l < model.architecture().layers(); l++) {
        float[] values = weights(model, Part.DOWN, l, ".weight").orElseThrow();
        float[] bias = weights(model, Part.DOWN, l, ".bias").orElse(new float[hidden]);
        float[] m = taps.coefficients.get(l);
        float[] y = taps.ffnOutput.get(l);
        for (int row = 0; row < m.length / width; row++) {
          for (int j = 0; j < hidden; j++) {
            double sum = bias[j];
            double magnitude = Math.abs(bias[j]);
            for (int i = 0; i < width; i++) {
              // Column j of the value v_i, however the family stores it.
              int at = model.family().transposedLinear() ? i * hidden + j : j * width + i;
              double term = (double) m[row * width + i] * values[at];
              sum += term;
              magnitude += Math.abs(term);
            }
            assertThat((double) y[row * hidden + j]).isCloseTo(sum, within(1e-5 * magnitude));
          }
        }
      }
    }
  }

  /** Property 1: what an ablated neuron takes out of the FFN's output is its memory. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-gelu-new",
        "gpt-neox-parallel",
        "llama-silu",
        "bert-gelu",
        "roberta-gelu",
        "t5-relu"
      })
  void ablatedNeuron_takesItsMemoryOutOfTheOutput(String name) {
    Fixture fixture = Fixture.named(name);
    int neuron = 17;
    try (Transformer model = Taps.load(fixture.folder())) {
      int last = model.architecture().layers() - 1;
      int width = model.architecture().intermediate();
      int hidden = model.architecture().hidden();
      double[] value = new PlainLens(fixture.folder()).value(last, neuron);
      int[][] sequences = fixture.sequences().toArray(int[][]::new);
      Taps whole = Taps.of(model, sequences);
      Taps ablated = new Taps();
      float[] kept = new float[width];
      Arrays.fill(kept, 1);
      kept[neuron] = 0;
      model.observe(
          TokenBatch.of(sequences),
          List.of(ablated),
          (layer, m) -> layer == last ? m.mul(m.getManager().create(kept)) : m);
      float[] before = whole.ffnOutput.get(last);
      float[] after = ablated.ffnOutput.get(last);
      float[] m = whole.coefficients.get(last);
      for (int row = 0; row < m.length / width; row++) {
        for (int j = 0; j < hidden; j++) {
          assertThat((double) before[row * hidden + j] - after[row * hidden + j])
              .isCloseTo(m[row * width + neuron] * value[j], within(1e-5));
        }
      }
    }
  }

  /** Property 4. */
  @ParameterizedTest
  @MethodSource("float32Fixtures")
  void coefficientOfAPlainFfn_hasTheSignOfItsPreActivation(Fixture fixture) {
    try (Transformer model = Taps.load(fixture.folder())) {
      Architecture architecture = model.architecture();
      if (architecture.gated()) {
        return;
      }
      Taps taps = Taps.of(model, fixture.sequences().toArray(int[][]::new));
      boolean relu = architecture.activation() == ActivationFunction.RELU;
      int negative = 0;
      for (int l = 0; l < architecture.layers(); l++) {
        float[] a = fixture.expected("layer." + l + ".pre_activation").values();
        float[] m = taps.coefficients.get(l);
        for (int i = 0; i < m.length; i++) {
          // Padding has no expected value, and a near 0 may be rounded over it.
          if (Math.abs(a[i]) > 1e-5 && Math.abs(a[i]) < 5) {
            negative += a[i] < 0 ? 1 : 0;
            assertThat(Math.signum(m[i]))
                .isEqualTo(relu ? Math.max(0, Math.signum(a[i])) : Math.signum(a[i]));
          }
        }
      }
      assertThat(negative).isGreaterThan(100);
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void residualPlusOutput_isTheNextResidual_whereNormsComeFirst(Fixture fixture) {
    try (Transformer transformer = Taps.load(fixture.folder())) {
      Taps taps = Taps.of(transformer, fixture.sequences().toArray(int[][]::new));
      Architecture architecture = transformer.architecture();
      for (int l = 0; l < architecture.layers(); l++) {
        float[] r = taps.before.get(l);
        float[] y = taps.ffnOutput.get(l);
        float[] o = taps.after.get(l);
        float[] sum = new float[r.length];
        for (int i = 0; i < sum.length; i++) {
          sum[i] = r[i] + y[i];
        }
        if (architecture.preNorm()) {
          assertThat(o).containsExactly(sum);
        } else {
          assertNormed(fixture, l, sum, o, architecture.hidden());
          assertThat(taps.input.get(l)).containsExactly(r);
        }
      }
    }
  }

  /** In a post-norm model the layer's output is the norm of the sum. */
  private static void assertNormed(Fixture fixture, int layer, float[] sum, float[] o, int hidden) {
    // Others name the tensors of their norms in another way; ParityTest has them all.
    if (!List.of("bert-gelu", "roberta-gelu").contains(fixture.name())) {
      return;
    }
    PlainLens plain = new PlainLens(fixture.folder());
    for (int row = 0; row < sum.length / hidden; row++) {
      double[] ofRow = new double[hidden];
      for (int j = 0; j < hidden; j++) {
        ofRow[j] = sum[row * hidden + j];
      }
      double[] normed = plain.blockOutput(layer, ofRow);
      for (int j = 0; j < hidden; j++) {
        assertThat((double) o[row * hidden + j]).isCloseTo(normed[j], within(1e-5));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-gelu-new",
        "llama-silu",
        "gpt2-relu-untied",
        "gpt-neox-parallel",
        "opt-relu"
      })
  void appendingTokens_changesNoEarlierCoefficient_inCausalModels(String name) {
    Fixture fixture = Fixture.named(name);
    try (Transformer model = Taps.load(fixture.folder())) {
      Architecture architecture = model.architecture();
      int[] tokens = new Random(1).ints(20, 0, architecture.vocabulary()).toArray();
      Taps whole = Taps.of(model, tokens);
      for (int length = 1; length < tokens.length; length += 3) {
        Taps prefix = Taps.of(model, Arrays.copyOf(tokens, length));
        for (int l = 0; l < architecture.layers(); l++) {
          float[] part = prefix.coefficients.get(l);
          assertThat(part)
              .containsExactly(
                  Arrays.copyOf(whole.coefficients.get(l), part.length), within(1e-5f));
        }
      }
    }
  }

  @Test
  void appendingATokenToAMaskedModel_changesEarlierCoefficients() {
    try (Transformer model = Taps.load(Fixture.named("bert-gelu").folder())) {
      float[] without = Taps.of(model, new int[] {2, 9, 17}).coefficients.get(1);
      float[] with = Taps.of(model, new int[] {2, 9, 17, 30}).coefficients.get(1);
      float largest = 0;
      for (int i = 0; i < without.length; i++) {
        largest = Math.max(largest, Math.abs(with[i] - without[i]));
      }
      assertThat(largest).isGreaterThan(1e-3f);
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void activations_stayWithinTheirBounds(Fixture fixture) {
    try (Transformer model = Taps.load(fixture.folder())) {
      Taps taps = Taps.of(model, fixture.sequences().toArray(int[][]::new));
      Architecture architecture = model.architecture();
      for (int l = 0; l < architecture.layers(); l++) {
        float[] m = taps.coefficients.get(l);
        if (architecture.gated()) {
          assertGated(architecture.activation(), m, taps.gate.get(l), taps.up.get(l));
        } else {
          double least = architecture.activation() == ActivationFunction.RELU ? 0 : -0.1701;
          for (float coefficient : m) {
            assertThat((double) coefficient).isGreaterThanOrEqualTo(least);
          }
        }
      }
    }
  }

  /** act(gate) * up, recomputed from its parts. */
  private static void assertGated(
      ActivationFunction function, float[] m, float[] gate, float[] up) {
    for (int i = 0; i < m.length; i++) {
      double active = apply(function, gate[i]);
      assertThat(active).isGreaterThanOrEqualTo(-0.2785);
      assertThat((double) m[i]).isCloseTo(active * up[i], within(1e-5 * (1 + Math.abs(up[i]))));
    }
  }

  private static double apply(ActivationFunction function, double x) {
    return switch (function) {
      case SILU -> x / (1 + Math.exp(-x));
      case GELU_TANH ->
          x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      default -> throw new IllegalArgumentException(function + " is in no gated fixture");
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu", "bert-gelu"})
  void permutedNeurons_permuteCoefficientsAndChangeNothingElse(String fixture) {
    Fixture original = Fixture.named(fixture);
    int[][] sequences = original.sequences().toArray(int[][]::new);
    try (Transformer before = Taps.load(original.folder())) {
      int width = before.architecture().intermediate();
      int[] from = permutation(width);
      ModelCopy copy = ModelCopy.of(fixture, folder);
      NeuronOrder.permute(copy, 0, from);
      Taps expected = Taps.of(before, sequences);
      Taps actual;
      try (Transformer after = Taps.load(copy.write())) {
        actual = Taps.of(after, sequences);
      }
      float[] m = expected.coefficients.get(0);
      float[] permuted = new float[m.length];
      for (int at = 0; at < m.length; at++) {
        permuted[at] = m[at / width * width + from[at % width]];
      }
      assertThat(actual.coefficients.get(0)).containsExactly(permuted, within(1e-4f));
      assertThat(actual.coefficients.get(1))
          .containsExactly(expected.coefficients.get(1), within(1e-4f));
      assertThat(actual.after.get(1)).containsExactly(expected.after.get(1), within(1e-4f));
    }
  }

  private static int[] permutation(int size) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(2));
    return order.stream().mapToInt(i -> i).toArray();
  }

  private static Optional<float[]> weights(ModelFolder model, Part part, int layer, String suffix) {
    String name = model.family().parts().get(part).replace("{l}", Integer.toString(layer));
    return model.family().prefixes().stream()
        .flatMap(prefix -> model.checkpoint().find(prefix + name + suffix).stream())
        .findFirst()
        .map(
            entry -> {
              float[] values = new float[(int) (entry.bytes() / Float.BYTES)];
              entry.map(0, entry.shape()[0]).asFloatBuffer().get(values);
              return values;
            });
  }
}
