package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The supported model families, each a declaration. */
final class ModelFamilies {
  private static final Map<String, ModelFamily> BY_MODEL_TYPE =
      Stream.of(bert(), roberta("roberta"), roberta("xlm-roberta"), gpt2(), llama())
          .collect(Collectors.toUnmodifiableMap(ModelFamily::modelType, Function.identity()));

  private ModelFamilies() {}

  static Optional<ModelFamily> find(String modelType) {
    return Optional.ofNullable(BY_MODEL_TYPE.get(modelType));
  }

  static List<String> modelTypes() {
    return BY_MODEL_TYPE.keySet().stream().sorted().toList();
  }

  private static ModelFamily bert() {
    return new ModelFamily(
        "bert",
        List.of("bert.", ""),
        encoderParts(
            Map.of(
                Part.HEAD_TRANSFORM, "cls.predictions.transform.dense",
                Part.HEAD_NORM, "cls.predictions.transform.LayerNorm",
                Part.HEAD, "cls.predictions.decoder",
                Part.HEAD_BIAS, "cls.predictions.bias")),
        false,
        config ->
            encoder(config)
                .learnedPositions(0)
                .maxSequenceTokens(config.integer("max_position_embeddings"))
                .headActivation(config.activation("hidden_act", "gelu"))
                .build());
  }

  private static ModelFamily roberta(String modelType) {
    return new ModelFamily(
        modelType,
        List.of("roberta.", ""),
        encoderParts(
            Map.of(
                Part.HEAD_TRANSFORM, "lm_head.dense",
                Part.HEAD_NORM, "lm_head.layer_norm",
                Part.HEAD, "lm_head.decoder",
                Part.HEAD_BIAS, "lm_head.bias")),
        false,
        ModelFamilies::robertaArchitecture);
  }

  private static Architecture robertaArchitecture(ModelConfig config) {
    int first = config.integer("pad_token_id", 1) + 1;
    return encoder(config)
        .learnedPositionsSkippingPadding(first)
        .maxSequenceTokens(config.integer("max_position_embeddings") - first)
        .headActivation(ActivationFunction.GELU)
        .paddingId(first - 1)
        .build();
  }

  private static Map<Part, String> encoderParts(Map<Part, String> head) {
    Map<Part, String> body =
        Map.ofEntries(
            Map.entry(Part.TOKEN_EMBEDDING, "embeddings.word_embeddings"),
            Map.entry(Part.POSITION_EMBEDDING, "embeddings.position_embeddings"),
            Map.entry(Part.TYPE_EMBEDDING, "embeddings.token_type_embeddings"),
            Map.entry(Part.EMBEDDING_NORM, "embeddings.LayerNorm"),
            Map.entry(Part.QUERY, "encoder.layer.{l}.attention.self.query"),
            Map.entry(Part.KEY, "encoder.layer.{l}.attention.self.key"),
            Map.entry(Part.VALUE, "encoder.layer.{l}.attention.self.value"),
            Map.entry(Part.ATTENTION_OUTPUT, "encoder.layer.{l}.attention.output.dense"),
            Map.entry(Part.ATTENTION_NORM, "encoder.layer.{l}.attention.output.LayerNorm"),
            Map.entry(Part.UP, "encoder.layer.{l}.intermediate.dense"),
            Map.entry(Part.DOWN, "encoder.layer.{l}.output.dense"),
            Map.entry(Part.FFN_NORM, "encoder.layer.{l}.output.LayerNorm"));
    return Stream.concat(body.entrySet().stream(), head.entrySet().stream())
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** All but positions and prediction head. */
  private static ArchitectureBuilder encoder(ModelConfig config) {
    String positionType = config.string("position_embedding_type", "absolute");
    config.require("position_embedding_type", positionType.equals("absolute"), "\"absolute\"");
    config.require("is_decoder", !config.bool("is_decoder", false), "false");
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_attention_heads");
    return ArchitectureBuilder.encoder()
        .layers(config.integer("num_hidden_layers"))
        .hidden(hidden, heads, config.headSize(hidden, heads))
        .intermediate(config.integer("intermediate_size"))
        .vocabulary(config.integer("vocab_size"))
        .layerNorm(config.number("layer_norm_eps", 1e-12))
        .plain(config.activation("hidden_act", "gelu"))
        .tokenTypes(config.integer("type_vocab_size", 2))
        .tiedHead(config.bool("tie_word_embeddings", true))
        .paddingId(config.integer("pad_token_id", 0));
  }

  private static ModelFamily gpt2() {
    return new ModelFamily(
        "gpt2",
        List.of("transformer.", ""),
        Map.ofEntries(
            Map.entry(Part.TOKEN_EMBEDDING, "wte"),
            Map.entry(Part.POSITION_EMBEDDING, "wpe"),
            Map.entry(Part.ATTENTION_NORM, "h.{l}.ln_1"),
            Map.entry(Part.QUERY_KEY_VALUE, "h.{l}.attn.c_attn"),
            Map.entry(Part.ATTENTION_OUTPUT, "h.{l}.attn.c_proj"),
            Map.entry(Part.FFN_NORM, "h.{l}.ln_2"),
            Map.entry(Part.UP, "h.{l}.mlp.c_fc"),
            Map.entry(Part.DOWN, "h.{l}.mlp.c_proj"),
            Map.entry(Part.FINAL_NORM, "ln_f"),
            Map.entry(Part.HEAD, "lm_head")),
        true,
        ModelFamilies::gpt2Architecture);
  }

  private static Architecture gpt2Architecture(ModelConfig config) {
    config.require("add_cross_attention", !config.bool("add_cross_attention", false), "false");
    config.require("scale_attn_weights", config.bool("scale_attn_weights", true), "true");
    int hidden = config.integer(List.of("n_embd", "hidden_size"));
    int heads = config.integer(List.of("n_head", "num_attention_heads"));
    return ArchitectureBuilder.decoder()
        .layers(config.integer(List.of("n_layer", "num_hidden_layers")))
        .hidden(hidden, heads, config.headSize(hidden, heads))
        .intermediate(config.integer("n_inner", 4 * hidden))
        .vocabulary(config.integer("vocab_size"))
        .maxSequenceTokens(
            config.integer(List.of("n_positions", "max_position_embeddings", "n_ctx")))
        .layerNorm(config.number("layer_norm_epsilon", 1e-5))
        .learnedPositions(0)
        .plain(config.activation("activation_function", "gelu_new"))
        .inverseLayerScale(config.bool("scale_attn_by_inverse_layer_idx", false))
        .tiedHead(config.bool("tie_word_embeddings", true))
        .paddingId(config.integer("pad_token_id", 0))
        .build();
  }

  private static ModelFamily llama() {
    return new ModelFamily(
        "llama",
        List.of("model.", ""),
        Map.ofEntries(
            Map.entry(Part.TOKEN_EMBEDDING, "embed_tokens"),
            Map.entry(Part.ATTENTION_NORM, "layers.{l}.input_layernorm"),
            Map.entry(Part.QUERY, "layers.{l}.self_attn.q_proj"),
            Map.entry(Part.KEY, "layers.{l}.self_attn.k_proj"),
            Map.entry(Part.VALUE, "layers.{l}.self_attn.v_proj"),
            Map.entry(Part.ATTENTION_OUTPUT, "layers.{l}.self_attn.o_proj"),
            Map.entry(Part.FFN_NORM, "layers.{l}.post_attention_layernorm"),
            Map.entry(Part.GATE, "layers.{l}.mlp.gate_proj"),
            Map.entry(Part.UP, "layers.{l}.mlp.up_proj"),
            Map.entry(Part.DOWN, "layers.{l}.mlp.down_proj"),
            Map.entry(Part.FINAL_NORM, "norm"),
            Map.entry(Part.HEAD, "lm_head")),
        false,
        ModelFamilies::llamaArchitecture);
  }

  private static Architecture llamaArchitecture(ModelConfig config) {
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_attention_heads");
    int headSize =
        config.has("head_dim") ? config.integer("head_dim") : config.headSize(hidden, heads);
    return ArchitectureBuilder.decoder()
        .layers(config.integer("num_hidden_layers"))
        .hidden(hidden, heads, headSize)
        .keyValueHeads(config.integer("num_key_value_heads", heads))
        .intermediate(config.integer("intermediate_size"))
        .vocabulary(config.integer("vocab_size"))
        .maxSequenceTokens(config.integer("max_position_embeddings", 2048))
        .rmsNorm(config.number("rms_norm_eps", 1e-6))
        .rotary(RotaryFrequencies.read(config, headSize))
        .gated(config.activation("hidden_act", "silu"))
        .attentionBias(config.bool("attention_bias", false))
        .ffnBias(config.bool("mlp_bias", false))
        .tiedHead(config.bool("tie_word_embeddings", false))
        .paddingId(config.integer("pad_token_id", 0))
        .build();
  }
}
