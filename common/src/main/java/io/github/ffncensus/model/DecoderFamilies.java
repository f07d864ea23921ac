package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.util.List;
import java.util.Map;

/** Language models with layer norms and a plain FFN. */
final class DecoderFamilies {
  private DecoderFamilies() {}

  static ModelFamily gpt2(ModelConfig config) {
    config.require("add_cross_attention", !config.bool("add_cross_attention", false), "false");
    config.require("scale_attn_weights", config.bool("scale_attn_weights", true), "true");
    int hidden = config.integer(List.of("n_embd", "hidden_size"));
    int heads = config.integer(List.of("n_head", "num_attention_heads"));
    return new ModelFamily(
        config.modelType(),
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
        ArchitectureBuilder.causal()
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
            .build());
  }
}
