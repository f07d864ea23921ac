package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import org.junit.jupiter.api.Test;

class RandomTransformerTest {
  @Test
  void weights_areTheSameInEveryRun() {
    float[] first = values();
    assertThat(values()).containsExactly(first);
    assertThat(first[0]).isNotEqualTo(first[1]);
  }

  private static float[] values() {
    try (Transformer model = RandomTransformer.gpt2Small(Device.cpu())) {
      return model.values(11, 3, 4, model.newScope()).toFloatArray();
    }
  }
}
