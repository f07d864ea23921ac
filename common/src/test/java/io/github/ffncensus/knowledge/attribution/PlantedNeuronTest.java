package io.github.ffncensus.knowledge.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.model.ModelCopy;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.Transformer;
import io.github.ffncensus.model.TransformerLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A neuron that is wired to raise one answer is found, alone. */
class PlantedNeuronTest {
  private static final int HIDDEN = 32;
  private static final int ANSWER = 40;
  private static final int NEURON = 57;

  @TempDir Path folder;

  /** In a GPT-2 it writes the answer's embedding, which the head reads as it is. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void plantedNeuronOfACausalModel_isFoundAlone(int layer) {
    int width = 128;
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    float[] embeddings = copy.values("transformer.wte.weight");
    for (int l = 0; l < 2; l++) {
      quieten(copy.values("transformer.h." + l + ".mlp.c_proj.weight"));
    }
    // It fires at 2 whatever comes in.
    float[] keys = copy.values("transformer.h." + layer + ".mlp.c_fc.weight");
    float[] values = copy.values("transformer.h." + layer + ".mlp.c_proj.weight");
    copy.values("transformer.h." + layer + ".mlp.c_fc.bias")[NEURON] = 2;
    for (int j = 0; j < HIDDEN; j++) {
      keys[j * width + NEURON] = 0;
      values[NEURON * HIDDEN + j] = embeddings[ANSWER * HIDDEN + j];
    }
    assertThat(coarse(copy, 3)).containsExactly(List.of(layer, NEURON));
  }

  /**
   * In a BERT it writes what the head's transform turns to the answer's embedding, as far as the
   * transform is linear: the embedding, less what all have in common, through its transpose.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void plantedNeuronOfAMaskedModel_isFoundAlone(int layer) {
    int width = 72;
    ModelCopy copy = ModelCopy.of("bert-gelu", folder);
    for (int l = 0; l < 3; l++) {
      quieten(copy.values("bert.encoder.layer." + l + ".output.dense.weight"));
    }
    float[] keys = copy.values("bert.encoder.layer." + layer + ".intermediate.dense.weight");
    float[] values = copy.values("bert.encoder.layer." + layer + ".output.dense.weight");
    copy.values("bert.encoder.layer." + layer + ".intermediate.dense.bias")[NEURON] = 2;
    float[] direction = pulledBack(copy);
    for (int j = 0; j < HIDDEN; j++) {
      keys[NEURON * HIDDEN + j] = 0;
      values[j * width + NEURON] = direction[j];
    }
    assertThat(coarse(copy, 1)).containsExactly(List.of(layer, NEURON));
  }

  private static void quieten(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= 0.01f;
    }
  }

  /** As long as a state after its norm. */
  private static float[] pulledBack(ModelCopy copy) {
    float[] embeddings = copy.values("bert.embeddings.word_embeddings.weight");
    float[] dense = copy.values("cls.predictions.transform.dense.weight");
    float[] gain = copy.values("cls.predictions.transform.LayerNorm.weight");
    int vocabulary = embeddings.length / HIDDEN;
    float[] direction = new float[HIDDEN];
    double square = 0;
    for (int i = 0; i < HIDDEN; i++) {
      float mean = 0;
      for (int v = 0; v < vocabulary; v++) {
        mean += embeddings[v * HIDDEN + i] / vocabulary;
      }
      float wanted = gain[i] * (embeddings[ANSWER * HIDDEN + i] - mean);
      for (int j = 0; j < HIDDEN; j++) {
        direction[j] += dense[i * HIDDEN + j] * wanted;
      }
    }
    for (float element : direction) {
      square += element * element;
    }
    for (int j = 0; j < HIDDEN; j++) {
      direction[j] *= (float) Math.sqrt(HIDDEN / square);
    }
    return direction;
  }

  /** Layers and numbers of the neurons above a fifth of the largest attribution. */
  private static List<List<Integer>> coarse(ModelCopy copy, int position) {
    EncodedPrompt prompt =
        new EncodedPrompt(
            "P0",
            "P0-0",
            0,
            List.of(
                new AnswerContext(
                    new int[] {9, 31, 17, 54}, new int[] {position}, new int[] {ANSWER})));
    ModelFolder changed = ModelFolder.open(copy.write());
    try (Transformer model = TransformerLoader.load(changed, Device.cpu(), Precision.FLOAT32)) {
      PromptAttribution result =
          Attributions.of(model, AttributionOptions.of(StepRule.MIDPOINT, 20), List.of(prompt))
              .get(0);
      List<List<Integer>> coarse = new ArrayList<>();
      for (int l = 0; l < result.attributions().length; l++) {
        for (int i = 0; i < result.attributions()[l].length; i++) {
          if (result.attributions()[l][i] >= 0.2 * result.maximum()) {
            coarse.add(List.of(l, i));
          }
        }
      }
      return coarse;
    }
  }
}
