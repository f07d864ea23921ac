package io.github.ffncensus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The tokens of a {@code tokenizer.json} by id, those of the model and those added to it. */
final class Vocabulary {
  private final String[] tokens;
  private final BitSet special;
  private final int unknown;
  private final String continuation;

  private Vocabulary(String[] tokens, BitSet special, int unknown, String continuation) {
    this.tokens = tokens;
    this.special = special;
    this.unknown = unknown;
    this.continuation = continuation;
  }

  /**
   * @throws IOException if the file is no tokenizer
   */
  static Vocabulary read(Path file) throws IOException {
    JsonNode root = new ObjectMapper().readTree(file.toFile());
    JsonNode model = root.path("model").path("vocab");
    Map<Integer, String> byId = new HashMap<>();
    if (model.isObject()) {
      model.properties().forEach(entry -> byId.put(entry.getValue().asInt(), entry.getKey()));
    } else if (model.isArray()) {
      for (JsonNode piece : model) {
        byId.put(byId.size(), piece.path(0).asText());
      }
    } else {
      throw new IOException("no vocabulary at model.vocab");
    }
    BitSet special = new BitSet();
    for (JsonNode added : root.path("added_tokens")) {
      int id = added.path("id").asInt();
      byId.put(id, added.path("content").asText());
      special.set(id, added.path("special").asBoolean());
    }
    String[] tokens = new String[byId.keySet().stream().mapToInt(id -> id + 1).max().orElse(0)];
    byId.forEach((id, token) -> tokens[id] = token);
    String continuation = root.path("model").path("continuing_subword_prefix").asText("");
    return new Vocabulary(tokens, special, unknown(root.path("model"), byId), continuation);
  }

  /** WordPiece and BPE name the token that stands for unknown text, Unigram gives its number. */
  private static int unknown(JsonNode model, Map<Integer, String> byId) throws IOException {
    if (model.path("unk_id").isInt()) {
      return model.path("unk_id").intValue();
    }
    String token = model.path("unk_token").textValue();
    if (token == null) {
      return -1;
    }
    // The native tokenizer would end the process at the first text that needs the token.
    return byId.entrySet().stream()
        .filter(entry -> entry.getValue().equals(token))
        .mapToInt(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(
            () -> new IOException("its model.unk_token, " + token + ", is not in the vocabulary"));
  }

  /** Whether a token is a symbol of the model, such as [SEP], and no text. */
  boolean isSpecial(int id) {
    return special.get(id);
  }

  /** The token that stands for text which the vocabulary cannot spell; -1 if there is none. */
  int unknown() {
    return unknown;
  }

  /** What tokens begin with that continue a word, such as «##»; empty where nothing marks them. */
  String continuation() {
    return continuation;
  }

  /** The special token of this name; -1 if there is none. */
  int special(String token) {
    return special.stream().filter(id -> tokens[id].equals(token)).findFirst().orElse(-1);
  }

  /** The largest id plus one. */
  int size() {
    return tokens.length;
  }

  boolean has(int id) {
    return id >= 0 && id < tokens.length && tokens[id] != null;
  }

  String token(int id) {
    if (!has(id)) {
      throw new IllegalArgumentException("the tokenizer has no token " + id);
    }
    return tokens[id];
  }
}
