package io.github.ffncensus.model;

import io.github.ffncensus.CensusException;
import java.util.Map;
import java.util.function.Function;

/** The supported model families by {@code model_type}, each a declaration. */
final class ModelFamilies {
  private static final Map<String, Function<ModelConfig, ModelFamily>> BY_MODEL_TYPE =
      Map.ofEntries(
          Map.entry("bert", EncoderFamilies::bert),
          Map.entry("roberta", EncoderFamilies::roberta),
          Map.entry("xlm-roberta", EncoderFamilies::roberta),
          Map.entry("t5", EncoderFamilies::t5),
          Map.entry("gpt2", DecoderFamilies::gpt2),
          Map.entry("gpt_neo", DecoderFamilies::gptNeo),
          Map.entry("gpt_neox", DecoderFamilies::gptNeoX),
          Map.entry("opt", DecoderFamilies::opt),
          Map.entry("gemma", LlamaFamilies::gemma),
          Map.entry("llama", LlamaFamilies::llama),
          Map.entry("mistral", LlamaFamilies::mistral),
          Map.entry("qwen2", LlamaFamilies::qwen2),
          Map.entry("qwen3", LlamaFamilies::qwen3));

  private ModelFamilies() {}

  /**
   * Reads a declaration.
   *
   * @throws CensusException of kind INPUT if the family, or one of its options, is not supported
   */
  static ModelFamily of(ModelConfig config) {
    Function<ModelConfig, ModelFamily> family = BY_MODEL_TYPE.get(config.modelType());
    if (family == null) {
      throw CensusException.input(
          config.file()
              + ": model_type \""
              + config.modelType()
              + "\" is not supported; supported: "
              + String.join(", ", BY_MODEL_TYPE.keySet().stream().sorted().toList()));
    }
    return family.apply(config);
  }
}
