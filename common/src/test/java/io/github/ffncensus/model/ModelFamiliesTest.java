package io.github.ffncensus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the options of {@code config.json} mean, where no fixture has them. */
class ModelFamiliesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  /** An empty value leaves the key out. */
  @ParameterizedTest
  @CsvSource({
    "mistral-window, sliding_window, 16, 16",
    "mistral-window, sliding_window, null, 64",
    "mistral-window, sliding_window, 4096, 64",
    "mistral-window, max_position_embeddings, , 16",
    "qwen2-bias, sliding_window, 8, 20",
    "qwen2-bias, max_position_embeddings, , 32768",
    "qwen3-head-norms, sliding_window, 8, 20",
    "gpt-neo-window, window_size, 8, 8",
    "gpt-neo-window, window_size, , 64",
    "gpt-neo-window, max_position_embeddings, , 16",
    "t5-relu, n_positions, , 512"
  })
  void context(String fixture, String key, String value, int tokens) throws IOException {
    ObjectNode config = config(fixture);
    set(config, key, value);
    assertThat(read(config).maxSequenceTokens()).isEqualTo(tokens);
  }

  /** The window is on; where config.json does not say how wide it is, it is Mistral's. */
  @ParameterizedTest
  @CsvSource({
    "mistral-window, sliding_window, , 4096",
    "qwen2-bias, sliding_window, 8, 8",
    "qwen2-bias, sliding_window, , 4096",
    "qwen3-head-norms, sliding_window, 8, 8"
  })
  void contextWithinAWindow(String fixture, String key, String value, int tokens)
      throws IOException {
    ObjectNode config = config(fixture);
    config.put("use_sliding_window", true).put("max_position_embeddings", 8192);
    set(config, key, value);
    assertThat(read(config).maxSequenceTokens()).isEqualTo(tokens);
  }

  @ParameterizedTest
  @CsvSource({
    "opt-relu, do_layer_norm_before, false",
    "opt-relu, _remove_final_layer_norm, true",
    "opt-relu, enable_bias, false",
    "opt-relu, layer_norm_elementwise_affine, false",
    "opt-relu, word_embed_proj_dim, 16",
    "llama-silu, partial_rotary_factor, 0.5",
    "t5-relu, is_decoder, true"
  })
  void optionThatIsNotImplemented_isRefused(String fixture, String key, String value)
      throws IOException {
    ObjectNode config = config(fixture);
    set(config, key, value);
    assertThatThrownBy(() -> read(config))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining(key + " = " + value + " is not supported; supported: ");
  }

  @Test
  void activationOfT5_isNamedByItsFfn() throws IOException {
    ObjectNode config = config("t5-gated-gelu");
    assertThat(read(config).activation()).isEqualTo(ActivationFunction.GELU_TANH);
    config.put("feed_forward_proj", "gated-silu");
    assertThat(read(config).activation()).isEqualTo(ActivationFunction.SILU);
    assertThat(read(config).gated()).isTrue();
    config.put("feed_forward_proj", "gelu");
    assertThat(read(config).activation()).isEqualTo(ActivationFunction.GELU);
    assertThat(read(config).gated()).isFalse();
    config.put("feed_forward_proj", "swiglu");
    assertThatThrownBy(() -> read(config))
        .hasMessageContaining("feed_forward_proj = \"swiglu\" is not a supported activation");
  }

  private static ObjectNode config(String fixture) throws IOException {
    return (ObjectNode)
        JSON.readTree(Fixture.named(fixture).folder().resolve("config.json").toFile());
  }

  private static void set(ObjectNode config, String key, String value) throws IOException {
    if (value == null) {
      config.remove(key);
    } else {
      config.set(key, JSON.readTree(value));
    }
  }

  private Architecture read(ObjectNode config) throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(file, JSON.writeValueAsString(config));
    return ModelFamilies.of(ModelConfig.read(file)).architecture();
  }
}
