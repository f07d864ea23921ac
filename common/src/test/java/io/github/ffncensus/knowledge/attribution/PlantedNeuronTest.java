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
  private static final int WIDTH = 128;
  private static final int HIDDEN = 32;
  private static final int NEURON = 77;
  private static final int ANSWER = 40;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void plantedNeuron_isFoundAlone(int layer) {
    ModelCopy copy = ModelCopy.of("gpt2-gelu-new", folder);
    float[] embeddings = copy.values("transformer.wte.weight");
    for (int l = 0; l < 2; l++) {
      float[] values = copy.values("transformer.h." + l + ".mlp.c_proj.weight");
      for (int i = 0; i < values.length; i++) {
        values[i] *= 0.05f;
      }
    }
    // It fires at 2 whatever comes in, and writes the answer's embedding.
    float[] keys = copy.values("transformer.h." + layer + ".mlp.c_fc.weight");
    float[] values = copy.values("transformer.h." + layer + ".mlp.c_proj.weight");
    copy.values("transformer.h." + layer + ".mlp.c_fc.bias")[NEURON] = 2;
    for (int j = 0; j < HIDDEN; j++) {
      keys[j * WIDTH + NEURON] = 0;
      values[NEURON * HIDDEN + j] = embeddings[ANSWER * HIDDEN + j];
    }
    ModelFolder changed = ModelFolder.open(copy.write());
    try (Transformer model = TransformerLoader.load(changed, Device.cpu(), Precision.FLOAT32)) {
      List<EncodedPrompt> prompts =
          List.of(
              new EncodedPrompt(
                  "P0",
                  "P0-0",
                  0,
                  List.of(
                      new AnswerContext(
                          new int[] {9, 31, 17, 54}, new int[] {3}, new int[] {ANSWER}))));
      PromptAttribution result =
          Attributions.of(model, AttributionOptions.of(StepRule.MIDPOINT, 20), prompts).get(0);
      List<List<Integer>> coarse = new ArrayList<>();
      for (int l = 0; l < 2; l++) {
        for (int i = 0; i < WIDTH; i++) {
          if (result.attributions()[l][i] >= 0.2 * result.maximum()) {
            coarse.add(List.of(l, i));
          }
        }
      }
      assertThat(coarse).containsExactly(List.of(layer, NEURON));
    }
  }
}
