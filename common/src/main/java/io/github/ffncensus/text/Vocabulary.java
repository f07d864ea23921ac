package io.github.ffncensus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The tokens of a {@code tokenizer.json} by id, those of the model and those added to it. */
final class Vocabulary {
  private final String[] tokens;

  private Vocabulary(String[] tokens) {
    this.tokens = tokens;
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
    for (JsonNode added : root.path("added_tokens")) {
      byId.put(added.path("id").asInt(), added.path("content").asText());
    }
    String[] tokens = new String[byId.keySet().stream().mapToInt(id -> id + 1).max().orElse(0)];
    byId.forEach((id, token) -> tokens[id] = token);
    return new Vocabulary(tokens);
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
