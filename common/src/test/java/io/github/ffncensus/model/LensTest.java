package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.ffncensus.CensusException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The three readings of a vector, against plain arithmetic on the checkpoint's own tensors. */
class LensTest {

  static List<Fixture> withHead() {
    return Fixture.all().stream()
        .filter(
            fixture -> {
              try (Transformer model = load(fixture)) {
                return model.hasHead();
              }
            })
        .toList();
  }

  @ParameterizedTest
  @MethodSource("withHead")
  void rawAndFolded_areLinear(Fixture fixture) {
    try (Transformer model = load(fixture);
        NDManager scope = model.newScope()) {
      int hidden = model.architecture().hidden();
      float[] a = gaussian(hidden, 1);
      float[] b = gaussian(hidden, 2);
      float[] sum = new float[hidden];
      for (int i = 0; i < hidden; i++) {
        sum[i] = 2 * a[i] - b[i];
      }
      for (Lens lens : List.of(Lens.RAW, Lens.FOLDED)) {
        float[] ofA = logits(model, scope, a, lens);
        float[] ofB = logits(model, scope, b, lens);
        float[] ofSum = logits(model, scope, sum, lens);
        for (int w = 0; w < ofSum.length; w++) {
          assertThat(ofSum[w]).isCloseTo(2 * ofA[w] - ofB[w], within(1e-3f));
        }
      }
    }
  }

  /** HEAD differs from FOLDED by the state's scale and by what does not depend on the state. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-gelu-new",
        "gpt2-relu-untied",
        "gpt-neox-parallel",
        "opt-relu",
        "llama-silu",
        "gemma-tied"
      })
  void headOfAModelWithFinalNorm_isFoldedOverTheScalePlusAConstant(String name) {
    try (Transformer model = load(Fixture.named(name));
        NDManager scope = model.newScope()) {
      Architecture architecture = model.architecture();
      assertThat(Lens.ofValues(architecture)).isEqualTo(Lens.FOLDED);
      float[] state = gaussian(architecture.hidden(), 3);
      float[] head = logits(model, scope, state, Lens.HEAD);
      float[] folded = logits(model, scope, state, Lens.FOLDED);
      float[] constant = logits(model, scope, new float[architecture.hidden()], Lens.HEAD);
      double scale = scale(state, architecture);
      for (int w = 0; w < head.length; w++) {
        assertThat((double) head[w]).isCloseTo(folded[w] / scale + constant[w], within(1e-4));
      }
    }
  }

  @Test
  void raw_isTheProductWithTheOutputEmbedding_alsoWithoutAFinalNorm() {
    Fixture fixture = Fixture.named("bert-gelu");
    try (Transformer model = load(fixture);
        NDManager scope = model.newScope()) {
      assertThat(Lens.ofValues(model.architecture())).isEqualTo(Lens.RAW);
      int hidden = model.architecture().hidden();
      float[] state = gaussian(hidden, 4);
      float[] embedding = tensor(fixture, "bert.embeddings.word_embeddings.weight");
      float[] raw = logits(model, scope, state, Lens.RAW);
      assertThat(raw).hasSize(embedding.length / hidden);
      for (int w = 0; w < raw.length; w++) {
        double product = 0;
        for (int i = 0; i < hidden; i++) {
          product += (double) embedding[w * hidden + i] * state[i];
        }
        assertThat((double) raw[w]).isCloseTo(product, within(1e-4));
      }
      assertThat(logits(model, scope, state, Lens.FOLDED)).isEqualTo(raw);
    }
  }

  /** GPT-2 stores its second matrix as (neurons, hidden), BERT as (hidden, neurons). */
  @Test
  void values_areTheRowsOrColumnsOfTheStoredMatrix() {
    assertValues("gpt2-gelu-new", "transformer.h.1.mlp.c_proj.weight", false);
    assertValues("bert-gelu", "bert.encoder.layer.1.output.dense.weight", true);
    assertValues("llama-silu", "model.layers.1.mlp.down_proj.weight", true);
  }

  @Test
  void modelWithoutAHead_saysSo() {
    for (Fixture fixture : Fixture.all()) {
      try (Transformer model = load(fixture);
          NDManager scope = model.newScope()) {
        if (!model.hasHead()) {
          assertThat(fixture.name()).startsWith("t5-");
          assertThatThrownBy(
                  () -> logits(model, scope, new float[model.architecture().hidden()], Lens.RAW))
              .isInstanceOf(CensusException.class)
              .hasMessageContaining("no prediction head")
              .hasMessageContaining("decoders of encoder-decoder models are not covered");
        }
      }
    }
  }

  private static void assertValues(String name, String tensor, boolean columns) {
    Fixture fixture = Fixture.named(name);
    try (Transformer model = load(fixture);
        NDManager scope = model.newScope()) {
      int hidden = model.architecture().hidden();
      int neurons = model.architecture().intermediate();
      NDArray values = model.values(1, 3, neurons - 1, scope);
      assertThat(values.getShape()).isEqualTo(new Shape(neurons - 4, hidden));
      float[] actual = values.toFloatArray();
      float[] stored = tensor(fixture, tensor);
      for (int n = 3; n < neurons - 1; n++) {
        for (int i = 0; i < hidden; i++) {
          float expected = columns ? stored[i * neurons + n] : stored[n * hidden + i];
          assertThat(actual[(n - 3) * hidden + i]).isEqualTo(expected);
        }
      }
    }
  }

  private static double scale(float[] state, Architecture architecture) {
    double mean = 0;
    if (!architecture.rmsNorm()) {
      for (float value : state) {
        mean += value / (double) state.length;
      }
    }
    double square = 0;
    for (float value : state) {
      square += (value - mean) * (value - mean) / state.length;
    }
    return Math.sqrt(square + architecture.normEpsilon());
  }

  private static float[] logits(Transformer model, NDManager scope, float[] state, Lens lens) {
    return model.logits(scope.create(state, new Shape(1, state.length)), lens).toFloatArray();
  }

  private static float[] tensor(Fixture fixture, String name) {
    Checkpoint.Entry entry = Checkpoint.open(fixture.folder()).find(name).orElseThrow();
    assertThat(entry.dtype()).isEqualTo("F32");
    float[] values = new float[(int) (entry.bytes() / Float.BYTES)];
    entry.map(0, entry.shape()[0]).asFloatBuffer().get(values);
    return values;
  }

  private static float[] gaussian(int size, long seed) {
    Random random = new Random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static Transformer load(Fixture fixture) {
    TorchEngine.prepareThread();
    return TransformerLoader.load(
        ModelFolder.open(fixture.folder()), Device.cpu(), Precision.FLOAT32);
  }
}
