package io.github.ffncensus.knowledge.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.model.Fixture;
import io.github.ffncensus.model.PlainTransformer;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.ValueVector;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Edits against the formulas, in plain double arithmetic on the checkpoint's own tensors. */
class ValueEditorTest {
  private static final List<Neuron> NEURONS =
      List.of(new Neuron(0, 3), new Neuron(1, 11), new Neuron(1, 2));

  @ParameterizedTest
  @ValueSource(strings = {"bert-gelu", "gpt2-gelu-new", "gpt2-relu-untied", "llama-silu"})
  void update_isThePapersFormula_inUnitsOfNorms(String fixture) {
    PlainTransformer plain = new PlainTransformer(Fixture.named(fixture).folder());
    double[] old = plain.outputEmbedding(7);
    double[] replacement = plain.outputEmbedding(12);
    try (Transformer model = DeviceShards.model(fixture)) {
      List<ValueVector> scaled =
          new ValueEditor(model)
              .update(NEURONS, floats(old), floats(replacement), new UpdateRule(true, 1, 8));
      List<ValueVector> unscaled =
          new ValueEditor(model)
              .update(NEURONS, floats(old), floats(replacement), new UpdateRule(false, 2, 2));
      for (int n = 0; n < NEURONS.size(); n++) {
        double[] value = plain.value(NEURONS.get(n).layer(), NEURONS.get(n).index());
        double[] expected = new double[value.length];
        double[] expectedUnscaled = new double[value.length];
        for (int j = 0; j < value.length; j++) {
          expected[j] =
              value[j]
                  - norm(value) / norm(old) * old[j]
                  + 8 * norm(value) / norm(replacement) * replacement[j];
          expectedUnscaled[j] = value[j] - 2 * old[j] + 2 * replacement[j];
        }
        assertIs(scaled.get(n), NEURONS.get(n), expected);
        assertIs(unscaled.get(n), NEURONS.get(n), expectedUnscaled);
      }
    }
  }

  @Test
  void erasures() {
    PlainTransformer plain = new PlainTransformer(Fixture.named("bert-gelu").folder());
    try (Transformer model = DeviceShards.model("bert-gelu")) {
      ValueEditor editor = new ValueEditor(model);
      int width = model.architecture().hidden();
      double[] mean = new double[width];
      for (int n = 0; n < model.architecture().intermediate(); n++) {
        for (int j = 0; j < width; j++) {
          mean[j] += plain.value(1, n)[j] / model.architecture().intermediate();
        }
      }
      assertIs(editor.erase(NEURONS, Erasure.ZERO, 1).get(1), NEURONS.get(1), new double[width]);
      assertIs(
          editor.erase(NEURONS, Erasure.UNKNOWN, 1).get(2),
          NEURONS.get(2),
          plain.outputEmbedding(1));
      assertIs(editor.erase(NEURONS, Erasure.MEAN, 1).get(2), NEURONS.get(2), mean);
    }
  }

  private static void assertIs(ValueVector actual, Neuron neuron, double[] expected) {
    assertThat(new Neuron(actual.layer(), actual.neuron())).isEqualTo(neuron);
    assertThat(actual.values()).hasSameSizeAs(expected);
    for (int j = 0; j < expected.length; j++) {
      assertThat((double) actual.values()[j])
          .isCloseTo(expected[j], within(1e-5 * Math.max(1, Math.abs(expected[j]))));
    }
  }

  private static float[] floats(double[] x) {
    float[] narrow = new float[x.length];
    for (int j = 0; j < x.length; j++) {
      narrow[j] = (float) x[j];
    }
    return narrow;
  }

  private static double norm(double[] x) {
    return Math.sqrt(Arrays.stream(x).map(value -> value * value).sum());
  }
}
