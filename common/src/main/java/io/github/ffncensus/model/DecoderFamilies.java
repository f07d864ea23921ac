package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.util.List;
import java.util.Map;

/** Language models with layer norms and a plain FFN. */
final class DecoderFamilies {
  /** PyTorch's own; config.json has no key for it. */
  private static final double OPT_NORM_EPSILON = 1e-5;

  private static final int OPT_FIRST_POSITION = 2;

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

  /** GPT-NeoX and Pythia. */
  static ModelFamily gptNeoX(ModelConfig config) {
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_attention_heads");
    int headSize = config.headSize(hidden, heads);
    boolean attentionBias = config.bool("attention_bias", true);
    RotaryFrequencies rotary =
        RotaryFrequencies.read(
            config,
            headSize,
            config.number("rotary_emb_base", 10_000),
            config.number("rotary_pct", 0.25));
    return new ModelFamily(
        config.modelType(),
        List.of("gpt_neox.", ""),
        Map.ofEntries(
            Map.entry(Part.TOKEN_EMBEDDING, "embed_in"),
            Map.entry(Part.ATTENTION_NORM, "layers.{l}.input_layernorm"),
            Map.entry(Part.QUERY_KEY_VALUE_BY_HEAD, "layers.{l}.attention.query_key_value"),
            Map.entry(Part.ATTENTION_OUTPUT, "layers.{l}.attention.dense"),
            Map.entry(Part.FFN_NORM, "layers.{l}.post_attention_layernorm"),
            Map.entry(Part.UP, "layers.{l}.mlp.dense_h_to_4h"),
            Map.entry(Part.DOWN, "layers.{l}.mlp.dense_4h_to_h"),
            Map.entry(Part.FINAL_NORM, "final_layer_norm"),
            Map.entry(Part.HEAD, "embed_out")),
        false,
        ArchitectureBuilder.causal()
            .parallel(config.bool("use_parallel_residual", true))
            .layers(config.integer("num_hidden_layers"))
            .hidden(hidden, heads, headSize)
            .intermediate(config.integer("intermediate_size"))
            .vocabulary(config.integer("vocab_size"))
            .maxSequenceTokens(config.integer("max_position_embeddings", 2048))
            .layerNorm(config.number("layer_norm_eps", 1e-5))
            .rotary(rotary)
            .plain(config.activation("hidden_act", "gelu"))
            .attentionBias(attentionBias, attentionBias)
            .tiedHead(config.bool("tie_word_embeddings", false))
            .paddingId(config.integer("pad_token_id", 0))
            .build());
  }

  /** GPT-Neo. Layers take turns in seeing the whole sequence and a window. */
  static ModelFamily gptNeo(ModelConfig config) {
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_heads");
    return new ModelFamily(
        config.modelType(),
        List.of("transformer.", ""),
        Map.ofEntries(
            Map.entry(Part.TOKEN_EMBEDDING, "wte"),
            Map.entry(Part.POSITION_EMBEDDING, "wpe"),
            Map.entry(Part.ATTENTION_NORM, "h.{l}.ln_1"),
            Map.entry(Part.QUERY, "h.{l}.attn.attention.q_proj"),
            Map.entry(Part.KEY, "h.{l}.attn.attention.k_proj"),
            Map.entry(Part.VALUE, "h.{l}.attn.attention.v_proj"),
            Map.entry(Part.ATTENTION_OUTPUT, "h.{l}.attn.attention.out_proj"),
            Map.entry(Part.FFN_NORM, "h.{l}.ln_2"),
            Map.entry(Part.UP, "h.{l}.mlp.c_fc"),
            Map.entry(Part.DOWN, "h.{l}.mlp.c_proj"),
            Map.entry(Part.FINAL_NORM, "ln_f"),
            Map.entry(Part.HEAD, "lm_head")),
        false,
        ArchitectureBuilder.causal()
            .layers(config.integer("num_layers"))
            .hidden(hidden, heads, config.headSize(hidden, heads))
            .intermediate(config.integer("intermediate_size", 4 * hidden))
            .vocabulary(config.integer("vocab_size"))
            .maxSequenceTokens(config.contextWithin(config.integer("window_size", 256), 2048))
            .positionRows(config.integer("max_position_embeddings", 2048))
            .layerNorm(config.number("layer_norm_epsilon", 1e-5))
            .learnedPositions(0)
            .plain(config.activation("activation_function", "gelu_new"))
            .attentionBias(false, true)
            .scaledScores(false)
            .tiedHead(config.bool("tie_word_embeddings", true))
            .paddingId(config.integer("pad_token_id", 0))
            .build());
  }

  static ModelFamily opt(ModelConfig config) {
    config.require("do_layer_norm_before", config.bool("do_layer_norm_before", true), "true");
    String removed = "_remove_final_layer_norm";
    config.require(removed, !config.bool(removed, false), "false");
    config.require("enable_bias", config.bool("enable_bias", true), "true");
    String affine = "layer_norm_elementwise_affine";
    config.require(affine, config.bool(affine, true), "true");
    int hidden = config.integer("hidden_size");
    int embedding = config.integer("word_embed_proj_dim", hidden);
    config.require("word_embed_proj_dim", embedding == hidden, "hidden_size");
    int heads = config.integer("num_attention_heads");
    return new ModelFamily(
        config.modelType(),
        List.of("model.decoder.", "decoder.", ""),
        Map.ofEntries(
            Map.entry(Part.TOKEN_EMBEDDING, "embed_tokens"),
            Map.entry(Part.POSITION_EMBEDDING, "embed_positions"),
            Map.entry(Part.ATTENTION_NORM, "layers.{l}.self_attn_layer_norm"),
            Map.entry(Part.QUERY, "layers.{l}.self_attn.q_proj"),
            Map.entry(Part.KEY, "layers.{l}.self_attn.k_proj"),
            Map.entry(Part.VALUE, "layers.{l}.self_attn.v_proj"),
            Map.entry(Part.ATTENTION_OUTPUT, "layers.{l}.self_attn.out_proj"),
            Map.entry(Part.FFN_NORM, "layers.{l}.final_layer_norm"),
            Map.entry(Part.UP, "layers.{l}.fc1"),
            Map.entry(Part.DOWN, "layers.{l}.fc2"),
            Map.entry(Part.FINAL_NORM, "final_layer_norm"),
            Map.entry(Part.HEAD, "lm_head")),
        false,
        ArchitectureBuilder.causal()
            .layers(config.integer("num_hidden_layers"))
            .hidden(hidden, heads, config.headSize(hidden, heads))
            .intermediate(config.integer("ffn_dim"))
            .vocabulary(config.integer("vocab_size"))
            .maxSequenceTokens(config.integer("max_position_embeddings"))
            .layerNorm(OPT_NORM_EPSILON)
            .learnedPositions(OPT_FIRST_POSITION)
            .plain(config.activation("activation_function", "relu"))
            .tiedHead(config.bool("tie_word_embeddings", true))
            .paddingId(config.integer("pad_token_id", 1))
            .build());
  }
}
