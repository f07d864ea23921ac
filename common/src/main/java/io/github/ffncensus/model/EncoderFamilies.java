package io.github.ffncensus.model;

import io.github.ffncensus.model.ModelFamily.Part;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Families whose positions all see each other. */
final class EncoderFamilies {
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

  private static Map<Part, String> bertParts(Map<Part, String> head) {
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
