package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.model.PlainTransformer.Change;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model with other value vectors, beside the one that it was made from. */
class EditedTransformerTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-gelu",
        "xlm-roberta-gelu",
        "gpt2-relu-untied",
        "gpt-neox-parallel",
        "llama-silu"
      })
  void states_areThoseOfAModelWithTheNewVectors(String name) {
    Fixture fixture = Fixture.named(name);
    PlainTransformer plain = new PlainTransformer(fixture.folder());
    try (Transformer model = load(fixture, Precision.FLOAT32)) {
      List<ValueVector> edits = edits(model.architecture());
      for (ValueVector edit : edits) {
        double[] value = new double[edit.values().length];
        for (int j = 0; j < value.length; j++) {
          value[j] = edit.values()[j];
        }
        plain.replaceValue(edit.layer(), edit.neuron(), value);
      }
      int[] tokens = fixture.sequences().get(0);
      double[][] expected = plain.states(tokens, Change.NONE);
      try (Transformer edited = model.withValues(edits);
          NDManager scope = edited.newScope()) {
        float[] states = edited.states(TokenBatch.of(tokens), List.of(), scope).toFloatArray();
        int hidden = model.architecture().hidden();
        for (int i = 0; i < states.length; i++) {
          assertThat((double) states[i]).isCloseTo(expected[i / hidden][i % hidden], within(1e-4));
        }
      }
    }
  }

  /** Test 11 of the specification, and the same for weights of 16 bits. */
  @ParameterizedTest
  @CsvSource({
    "bert-gelu, FLOAT32",
    "bert-f16, FLOAT32",
    "bert-f16, FLOAT16",
    "gpt2-bf16, BFLOAT16",
    "gpt2-relu-untied, FLOAT32",
    "llama-bias-tied, BFLOAT16"
  })
  void originalWeights_areTheSameToTheBit_andAnInverseRestoresThem(String name, Precision precision)
      throws Exception {
    Fixture fixture = Fixture.named(name);
    String file = ModelFolder.open(fixture.folder()).weightsSha256();
    try (Transformer model = load(fixture, precision)) {
      List<ValueVector> edits = edits(model.architecture());
      String before = hash(model);
      List<ValueVector> originals = new ArrayList<>();
      for (ValueVector edit : edits) {
        originals.add(
            new ValueVector(
                edit.layer(), edit.neuron(), values(model, edit.layer(), edit.neuron())));
      }
      for (int round = 0; round < 3; round++) {
        try (Transformer edited = model.withValues(edits)) {
          assertThat(hash(edited)).isNotEqualTo(before);
          try (Transformer restored = edited.withValues(originals)) {
            assertThat(hash(restored)).isEqualTo(before);
          }
        }
        assertThat(hash(model)).isEqualTo(before);
      }
      // The kernels that were shared still work.
      model.observe(TokenBatch.of(fixture.sequences().get(0)), List.of());
    }
    assertThat(ModelFolder.open(fixture.folder()).weightsSha256()).isEqualTo(file);
  }

  /** Two neurons of the first layer, one of the last; numbers that 16 bits do not hold. */
  private static List<ValueVector> edits(Architecture architecture) {
    Random random = new Random(6);
    List<ValueVector> edits = new ArrayList<>();
    int last = architecture.layers() - 1;
    int[][] neurons = {{0, 0}, {0, architecture.intermediate() - 1}, {last, 5}};
    for (int[] neuron : neurons) {
      float[] values = new float[architecture.hidden()];
      for (int j = 0; j < values.length; j++) {
        values[j] = (float) random.nextGaussian();
      }
      edits.add(new ValueVector(neuron[0], neuron[1], values));
    }
    return edits;
  }

  private static String hash(Transformer model) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    int neurons = model.architecture().intermediate();
    for (int l = 0; l < model.architecture().layers(); l++) {
      for (int n = 0; n < neurons; n++) {
        for (float value : values(model, l, n)) {
          digest.update(Integer.toString(Float.floatToRawIntBits(value)).getBytes());
        }
      }
    }
    return java.util.HexFormat.of().formatHex(digest.digest());
  }

  /** 16-bit numbers are float32 numbers, so nothing is lost. */
  private static float[] values(Transformer model, int layer, int neuron) {
    try (NDManager scope = model.newScope()) {
      return model.widened(model.values(layer, neuron, neuron + 1, scope)).toFloatArray();
    }
  }

  private static Transformer load(Fixture fixture, Precision precision) {
    TorchEngine.prepareThread();
    return TransformerLoader.load(ModelFolder.open(fixture.folder()), Device.cpu(), precision);
  }
}
