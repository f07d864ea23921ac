package io.github.ffncensus.model;

import io.github.ffncensus.CensusException;
import java.util.Map;

/**
 * The nonlinearity of an FFN, exactly as {@code config.json} names it. The GELU variants differ by
 * up to 5e-4, enough to reorder triggers, so they are never exchanged for one another.
 */
public enum ActivationFunction {
  RELU,
  /** Exact: x * Phi(x), with the error function. */
  GELU,
  /** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
  GELU_TANH,
  /** x * sigmoid(1.702 x). */
  QUICK_GELU,
  /** x * sigmoid(x). */
  SILU;

  private static final Map<String, ActivationFunction> BY_NAME =
      Map.of(
          "relu", RELU,
          "gelu", GELU,
          "gelu_python", GELU,
          "gelu_new", GELU_TANH,
          "gelu_fast", GELU_TANH,
          "gelu_pytorch_tanh", GELU_TANH,
          "quick_gelu", QUICK_GELU,
          "silu", SILU,
          "swish", SILU);

  /**
   * The activation with a Hugging Face name.
   *
   * @throws CensusException if the name is not supported
   */
  static ActivationFunction named(String name, String key, ModelConfig config) {
    ActivationFunction activation = BY_NAME.get(name);
    if (activation == null) {
      throw CensusException.input(
          config.file()
              + ": "
              + key
              + " = \""
              + name
              + "\" is not a supported activation; supported: "
              + BY_NAME.keySet().stream().sorted().toList());
    }
    return activation;
  }
}
