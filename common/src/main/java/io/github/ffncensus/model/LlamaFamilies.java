package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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

  private static final Map<Part, String> PARTS_WITH_HEAD_NORMS =
      Stream.concat(
              PARTS.entrySet().stream(),
              Stream.of(
                  Map.entry(Part.QUERY_NORM, "layers.{l}.self_attn.q_norm"),
                  Map.entry(Part.KEY_NORM, "layers.{l}.self_attn.k_norm")))
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

  private LlamaFamilies() {}

  static ModelFamily llama(ModelConfig config) {
    boolean attentionBias = config.bool("attention_bias", false);
    return family(
        config,
        PARTS,
        architecture(config, headSize(config))
            .keyValueHeads(keyValueHeads(config, heads(config)))
            .maxSequenceTokens(config.integer("max_position_embeddings", 2048))
            .attentionBias(attentionBias, attentionBias)
            .ffnBias(config.bool("mlp_bias", false)));
  }

  /** The first version; its successors have norms on what attention and FFN write. */
  static ModelFamily gemma(ModelConfig config) {
    boolean attentionBias = config.bool("attention_bias", false);
    String bidirectional = "use_bidirectional_attention";
    config.require(bidirectional, !config.bool(bidirectional, false), "false");
    ActivationFunction activation = config.activation("hidden_act", "gelu_pytorch_tanh");
    return family(
        config,
        PARTS,
        architecture(config, config.integer("head_dim", 256))
            .keyValueHeads(keyValueHeads(config, 16))
            .maxSequenceTokens(config.integer("max_position_embeddings", 8192))
            .gainsLessOne(true)
            .embeddingScale(Math.sqrt(config.integer("hidden_size")))
            // The first checkpoints say "gelu" and mean its approximation, as the library reads it.
            .gated(
                activation == ActivationFunction.GELU ? ActivationFunction.GELU_TANH : activation)
            .attentionBias(attentionBias, attentionBias)
            .ffnBias(false)
            .tiedHead(config.bool("tie_word_embeddings", true)));
  }

  static ModelFamily mistral(ModelConfig config) {
    return family(
        config,
        PARTS,
        architecture(config, headSize(config))
            .keyValueHeads(keyValueHeads(config, 8))
            .maxSequenceTokens(config.contextWithin(window(config), 131_072))
            .attentionBias(false, false)
            .ffnBias(false));
  }

  static ModelFamily qwen2(ModelConfig config) {
    return family(
        config,
        PARTS,
        architecture(config, headSize(config))
            .keyValueHeads(keyValueHeads(config, 32))
            .maxSequenceTokens(config.contextWithin(qwenWindow(config), 32_768))
            .attentionBias(true, false)
            .ffnBias(false));
  }

  static ModelFamily qwen3(ModelConfig config) {
    boolean attentionBias = config.bool("attention_bias", false);
    return family(
        config,
        PARTS_WITH_HEAD_NORMS,
        architecture(config, config.integer("head_dim", 128))
            .keyValueHeads(keyValueHeads(config, 32))
            .maxSequenceTokens(config.contextWithin(qwenWindow(config), 32_768))
            .attentionBias(attentionBias, attentionBias)
            .ffnBias(false));
  }

  /** The last layers have one, if it is on. */
  private static int qwenWindow(ModelConfig config) {
    return config.bool("use_sliding_window", false) ? window(config) : Integer.MAX_VALUE;
  }

  /** Tokens that a layer sees, the one that looks included; null stands for all. */
  private static int window(ModelConfig config) {
    String key = "sliding_window";
    return config.mentions(key) ? config.integer(key, Integer.MAX_VALUE) : 4096;
  }

  /**
   * @param fallback where config.json does not say; null stands for as many as there are heads
   */
  private static int keyValueHeads(ModelConfig config, int fallback) {
    String key = "num_key_value_heads";
    return config.mentions(key) ? config.integer(key, heads(config)) : fallback;
  }

  private static int heads(ModelConfig config) {
    return config.integer("num_attention_heads");
  }

  private static int headSize(ModelConfig config) {
    return config.has("head_dim")
        ? config.integer("head_dim")
        : config.headSize(config.integer("hidden_size"), heads(config));
  }

  private static ModelFamily family(
      ModelConfig config, Map<Part, String> parts, ArchitectureBuilder architecture) {
    return new ModelFamily(
        config.modelType(), List.of("model.", ""), parts, false, architecture.build());
  }

  /** What these families have in common. */
  private static ArchitectureBuilder architecture(ModelConfig config, int headSize) {
    return ArchitectureBuilder.causal()
        .layers(config.integer("num_hidden_layers"))
        .hidden(config.integer("hidden_size"), heads(config), headSize)
        .intermediate(config.integer("intermediate_size"))
        .vocabulary(config.integer("vocab_size"))
        .rmsNorm(config.number("rms_norm_eps", 1e-6))
        .rotary(RotaryFrequencies.read(config, headSize))
        .gated(config.activation("hidden_act", "silu"))
        .tiedHead(config.bool("tie_word_embeddings", false))
        .paddingId(config.integer("pad_token_id", 0));
  }
}
