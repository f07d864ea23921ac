package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Families whose positions all see each other. */
final class EncoderFamilies {
  private static final String T5_BLOCK = "encoder.block.{l}.";
  private static final String T5_ATTENTION = T5_BLOCK + "layer.0.SelfAttention.";
  private static final String T5_FIRST_ATTENTION = "encoder.block.0.layer.0.SelfAttention.";
  private static final String T5_FFN = T5_BLOCK + "layer.1.DenseReluDense.";

  /** Longest sequence that T5 was trained with; the model itself takes any. */
  private static final int T5_TRAINED_LENGTH = 512;

  private EncoderFamilies() {}

  static ModelFamily bert(ModelConfig config) {
    return new ModelFamily(
        config.modelType(),
        List.of("bert.", ""),
        bertParts(
            Map.of(
                Part.HEAD_TRANSFORM, "cls.predictions.transform.dense",
                Part.HEAD_NORM, "cls.predictions.transform.LayerNorm",
                Part.HEAD, "cls.predictions.decoder",
                Part.HEAD_BIAS, "cls.predictions.bias")),
        false,
        bertArchitecture(config)
            .learnedPositions(0)
            .maxSequenceTokens(config.integer("max_position_embeddings"))
            .headActivation(config.activation("hidden_act", "gelu"))
            .paddingId(config.integer("pad_token_id", 0))
            .build());
  }

  /** Also XLM-RoBERTa, which has another vocabulary. */
  static ModelFamily roberta(ModelConfig config) {
    int padding = config.integer("pad_token_id", 1);
    int first = padding + 1;
    return new ModelFamily(
        config.modelType(),
        List.of("roberta.", ""),
        bertParts(
            Map.of(
                Part.HEAD_TRANSFORM, "lm_head.dense",
                Part.HEAD_NORM, "lm_head.layer_norm",
                Part.HEAD, "lm_head.decoder",
                Part.HEAD_BIAS, "lm_head.bias")),
        false,
        bertArchitecture(config)
            .learnedPositionsSkippingPadding(first)
            .maxSequenceTokens(config.integer("max_position_embeddings") - first)
            .headActivation(ActivationFunction.GELU)
            .paddingId(padding)
            .build());
  }

  /** The encoder alone. */
  static ModelFamily t5(ModelConfig config) {
    config.require("is_decoder", !config.bool("is_decoder", false), "false");
    String feedForward = config.string("feed_forward_proj", "relu");
    boolean gated = feedForward.startsWith("gated-");
    ArchitectureBuilder architecture =
        ArchitectureBuilder.encoder()
            .layers(config.integer("num_layers"))
            .hidden(config.integer("d_model"), config.integer("num_heads"), config.integer("d_kv"))
            .intermediate(config.integer("d_ff"))
            .vocabulary(config.integer("vocab_size"))
            .maxSequenceTokens(config.integer("n_positions", T5_TRAINED_LENGTH))
            .rmsNorm(config.number("layer_norm_epsilon", 1e-6))
            .relative(
                new RelativeBuckets(
                    config.integer("relative_attention_num_buckets", 32),
                    config.integer("relative_attention_max_distance", 128)))
            .scaledScores(false)
            .attentionBias(false, false)
            .ffnBias(false)
            .paddingId(config.integer("pad_token_id", 0));
    return new ModelFamily(
        config.modelType(),
        List.of(""),
        gated ? t5Parts("wi_1", Map.of(Part.GATE, T5_FFN + "wi_0")) : t5Parts("wi", Map.of()),
        false,
        (gated
                ? architecture.gated(t5Activation(config, feedForward.substring("gated-".length())))
                : architecture.plain(t5Activation(config, feedForward)))
            .build());
  }

  /** The library takes the gated GELU for its approximation by tanh, as T5 was trained with it. */
  private static ActivationFunction t5Activation(ModelConfig config, String name) {
    boolean gatedGelu = config.string("feed_forward_proj", "").equals("gated-gelu");
    return ActivationFunction.named(gatedGelu ? "gelu_new" : name, "feed_forward_proj", config);
  }

  private static Map<Part, String> t5Parts(String up, Map<Part, String> more) {
    return joined(
        Map.ofEntries(
            Map.entry(Part.TOKEN_EMBEDDING, "shared"),
            Map.entry(Part.RELATIVE_POSITIONS, T5_FIRST_ATTENTION + "relative_attention_bias"),
            Map.entry(Part.ATTENTION_NORM, T5_BLOCK + "layer.0.layer_norm"),
            Map.entry(Part.QUERY, T5_ATTENTION + "q"),
            Map.entry(Part.KEY, T5_ATTENTION + "k"),
            Map.entry(Part.VALUE, T5_ATTENTION + "v"),
            Map.entry(Part.ATTENTION_OUTPUT, T5_ATTENTION + "o"),
            Map.entry(Part.FFN_NORM, T5_BLOCK + "layer.1.layer_norm"),
            Map.entry(Part.UP, T5_FFN + up),
            Map.entry(Part.DOWN, T5_FFN + "wo"),
            Map.entry(Part.FINAL_NORM, "encoder.final_layer_norm")),
        more);
  }

  private static Map<Part, String> bertParts(Map<Part, String> head) {
    return joined(
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
            Map.entry(Part.FFN_NORM, "encoder.layer.{l}.output.LayerNorm")),
        head);
  }

  private static Map<Part, String> joined(Map<Part, String> parts, Map<Part, String> more) {
    return Stream.concat(parts.entrySet().stream(), more.entrySet().stream())
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** All but positions, padding and the prediction head's activation. */
  private static ArchitectureBuilder bertArchitecture(ModelConfig config) {
    String positionType = config.string("position_embedding_type", "absolute");
    config.require("position_embedding_type", positionType.equals("absolute"), "\"absolute\"");
    config.require("is_decoder", !config.bool("is_decoder", false), "false");
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_attention_heads");
    return ArchitectureBuilder.masked()
        .layers(config.integer("num_hidden_layers"))
        .hidden(hidden, heads, config.headSize(hidden, heads))
        .intermediate(config.integer("intermediate_size"))
        .vocabulary(config.integer("vocab_size"))
        .layerNorm(config.number("layer_norm_eps", 1e-12))
        .plain(config.activation("hidden_act", "gelu"))
        .tokenTypes(config.integer("type_vocab_size", 2))
        .tiedHead(config.bool("tie_word_embeddings", true));
  }
}
