package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.util.List;
import java.util.Map;

/** Language models with root-mean-square norms, a gated FFN and rotary positions. */
final class LlamaFamilies {
  private static final Map<Part, String> PARTS =
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
          Map.entry(Part.HEAD, "lm_head"));

  private LlamaFamilies() {}

  static ModelFamily llama(ModelConfig config) {
    ArchitectureBuilder architecture =
        architecture(config)
            .keyValueHeads(
                config.integer("num_key_value_heads", config.integer("num_attention_heads")))
            .maxSequenceTokens(config.integer("max_position_embeddings", 2048))
            .attentionBias(config.bool("attention_bias", false))
            .ffnBias(config.bool("mlp_bias", false));
    return family(config, PARTS, architecture);
  }

  private static ModelFamily family(
      ModelConfig config, Map<Part, String> parts, ArchitectureBuilder architecture) {
    return new ModelFamily(
        config.modelType(), List.of("model.", ""), parts, false, architecture.build());
  }

  /** All but the number of key/value heads, the context and the biases. */
  private static ArchitectureBuilder architecture(ModelConfig config) {
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_attention_heads");
    int headSize =
        config.has("head_dim") ? config.integer("head_dim") : config.headSize(hidden, heads);
    return ArchitectureBuilder.causal()
        .layers(config.integer("num_hidden_layers"))
        .hidden(hidden, heads, headSize)
        .intermediate(config.integer("intermediate_size"))
        .vocabulary(config.integer("vocab_size"))
        .rmsNorm(config.number("rms_norm_eps", 1e-6))
        .rotary(RotaryFrequencies.read(config, headSize))
        .gated(config.activation("hidden_act", "silu"))
        .tiedHead(config.bool("tie_word_embeddings", false))
        .paddingId(config.integer("pad_token_id", 0));
  }
}
