package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The oracle itself, against the Hugging Face library. */
class PlainTransformerTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-gelu",
        "roberta-gelu",
        "xlm-roberta-gelu",
        "gpt2-gelu-new",
        "gpt2-relu-untied",
        "llama-silu",
        "llama-bias-tied",
        "opt-relu",
        "t5-relu",
        "gpt-neo-window",
        "gpt-neox-parallel",
        "gemma-tied",
        "mistral-window",
        "qwen2-bias",
        "qwen3-head-norms"
      })
  void states_areTheLibrarys(String name) {
    Fixture fixture = Fixture.named(name);
    PlainTransformer plain = new PlainTransformer(fixture.folder());
    int last = ModelFolder.open(fixture.folder()).architecture().layers() - 1;
    Fixture.Expected expected = fixture.expected("layer." + last + ".residual_after");
    int length = (int) expected.shape()[1];
    int hidden = (int) expected.shape()[2];
    List<int[]> sequences = fixture.sequences();
    for (int row = 0; row < sequences.size(); row++) {
      double[][] states = plain.states(sequences.get(row), PlainTransformer.Change.NONE);
      for (int t = 0; t < states.length; t++) {
        for (int j = 0; j < hidden; j++) {
          assertThat(states[t][j])
              .isCloseTo(expected.values()[(row * length + t) * hidden + j], within(1e-4));
        }
      }
    }
  }
}
