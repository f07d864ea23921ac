package io.github.ffncensus.model;

import java.util.List;
import java.util.Map;

/**
 * The declaration of a model family for one {@code config.json}: what it describes, and what the
 * weights are called. The forward pass knows no family; see {@code docs/adding-a-model-family.md}.
 *
 * @param modelType {@code model_type} of config.json
 * @param prefixes what may stand before the names of {@code parts}; a checkpoint saved with and one
 *     saved without its prediction head differ in it
 * @param parts module names; {@code {l}} is the layer
 * @param transposedLinear linear weights are stored (in, out), as GPT-2 does, not (out, in)
 */
record ModelFamily(
    String modelType,
    List<String> prefixes,
    Map<Part, String> parts,
    boolean transposedLinear,
    Architecture architecture) {

  /** The modules of a transformer, one name for all families. */
  enum Part {
    TOKEN_EMBEDDING,
    POSITION_EMBEDDING,
    TYPE_EMBEDDING,
    /** Biases on attention scores, (buckets, heads), which all layers share. */
    RELATIVE_POSITIONS,
    EMBEDDING_NORM,
    QUERY,
    KEY,
    VALUE,
    /** One matrix for query, key and value, split along its output. */
    QUERY_KEY_VALUE,
    /** One matrix for query, key and value, whose output is head by head these three. */
    QUERY_KEY_VALUE_BY_HEAD,
    /** A norm of each head's queries, before they are rotated. */
    QUERY_NORM,
    /** A norm of each head's keys, before they are rotated. */
    KEY_NORM,
    ATTENTION_OUTPUT,
    ATTENTION_NORM,
    FFN_NORM,
    GATE,
    UP,
    DOWN,
    FINAL_NORM,
    HEAD_TRANSFORM,
    HEAD_NORM,
    /** The output embedding, where it is not tied to the token embedding. */
    HEAD,
    /** A bias on the logits, by its full tensor name. */
    HEAD_BIAS
  }

  /** A module's name without prefix. */
  String name(Part part, int layer) {
    return parts.get(part).replace("{l}", Integer.toString(layer));
  }
}
