package io.github.ffncensus.model;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.RandomPrompts;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.Attributions;
import io.github.ffncensus.knowledge.attribution.PromptAttribution;
import io.github.ffncensus.knowledge.attribution.StepRule;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients through the fused kernels are those through the engine's array operations. */
class EagerAttributionTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-gelu",
        "gpt2-gelu-new",
        "llama-silu",
        "llama-bias-tied",
        "qwen3-head-norms",
        "gpt-neox-parallel"
      })
  void eagerKernels_giveTheSameAttributions(String name) {
    ModelFolder folder = ModelFolder.open(Fixture.named(name).folder());
    TorchEngine.prepareThread();
    NDManager manager = TorchEngine.newManager(Device.cpu());
    try (Transformer fused = TransformerLoader.load(folder, Device.cpu(), Precision.FLOAT32);
        Transformer eager =
            TransformerLoader.load(folder, manager, new EagerKernels(), Precision.FLOAT32)) {
      List<EncodedPrompt> prompts = RandomPrompts.of(fused.architecture(), 9, 5);
      AttributionOptions options = AttributionOptions.of(StepRule.LEFT, 10);
      List<PromptAttribution> expected = Attributions.of(fused, options, prompts);
      List<PromptAttribution> actual = Attributions.of(eager, options, prompts);
      for (int i = 0; i < prompts.size(); i++) {
        Attributions.assertClose(
            actual.get(i).attributions(), expected.get(i).attributions(), 2e-5);
      }
    }
  }
}
