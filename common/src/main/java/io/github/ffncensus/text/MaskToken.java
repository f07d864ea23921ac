package io.github.ffncensus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the mask token of a tokenizer, as the Hugging Face library does. */
final class MaskToken {
  /** Files that may name it, the first to do so wins; both are optional. */
  private static final List<String> NAMING_FILES =
      List.of("tokenizer_config.json", "special_tokens_map.json");

  /** The names that published checkpoints use. */
  private static final List<String> USUAL = List.of("[MASK]", "<mask>");

  private MaskToken() {}

  /**
   * Null if the tokenizer has no such token, as most of causal models.
   *
   * @throws IOException if a file that may name it is no JSON
   */
  static String find(Path modelFolder, Vocabulary vocabulary) throws IOException {
    for (String file : NAMING_FILES) {
      Path path = modelFolder.resolve(file);
      if (Files.isRegularFile(path)) {
        JsonNode token = new ObjectMapper().readTree(path.toFile()).path("mask_token");
        String name = token.isObject() ? token.path("content").textValue() : token.textValue();
        if (name != null && vocabulary.special(name) >= 0) {
          return name;
        }
      }
    }
    return USUAL.stream().filter(name -> vocabulary.special(name) >= 0).findFirst().orElse(null);
  }
}
