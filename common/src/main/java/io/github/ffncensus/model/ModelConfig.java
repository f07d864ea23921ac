package io.github.ffncensus.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model folder's {@code config.json}: typed access with messages that name the file and key. */
final class ModelConfig {
  private final Path file;
  private final JsonNode root;

  private ModelConfig(Path file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  static ModelConfig read(Path file) {
    try {
      JsonNode root = new ObjectMapper().readTree(Files.readAllBytes(file));
      if (root == null || !root.isObject()) {
        throw CensusException.input(file + " is not a JSON object");
      }
      return new ModelConfig(file, root);
    } catch (JsonProcessingException e) {
      throw CensusException.input(
          file
              + " is not valid JSON (line "
              + (e.getLocation() == null ? "?" : e.getLocation().getLineNr())
              + "): "
              + e.getOriginalMessage(),
          e);
    } catch (IOException e) {
      throw CensusException.input("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  Path file() {
    return file;
  }

  /** The family's name; empty if there is none. */
  String modelType() {
    return string("model_type", "");
  }

  /** An integer under the first of the keys that is present and not null. */
  int integer(List<String> keys) {
    for (String key : keys) {
      JsonNode node = root.path(key);
      if (node.isIntegralNumber()) {
        if (node.intValue() < 0) {
          throw CensusException.input(file + ": " + key + " = " + node + " is negative");
        }
        return node.intValue();
      }
    }
    throw CensusException.input(file + ": no integer \"" + keys.get(0) + "\"");
  }

  int integer(String key) {
    return integer(List.of(key));
  }

  int integer(String key, int fallback) {
    return has(key) ? integer(key) : fallback;
  }

  double number(String key, double fallback) {
    return root.path(key).isNumber() ? root.path(key).doubleValue() : fallback;
  }

  String string(String key, String fallback) {
    return root.path(key).isTextual() ? root.path(key).textValue() : fallback;
  }

  boolean bool(String key, boolean fallback) {
    return root.path(key).isBoolean() ? root.path(key).booleanValue() : fallback;
  }

  /** Whether the key is present with a value other than null. */
  boolean has(String key) {
    return root.hasNonNull(key);
  }

  /** Whether the key is present, if only with null. */
  boolean mentions(String key) {
    return root.has(key);
  }

  JsonNode node(String key) {
    return root.path(key);
  }

  /** The activation function under a key. */
  ActivationFunction activation(String key, String fallback) {
    return ActivationFunction.named(string(key, fallback), key, this);
  }

  /**
   * The context, which ends where a sliding window would begin to hide tokens: up to there a model
   * computes the same without one.
   *
   * @param window tokens that a layer sees, the one that looks included
   * @param fallback positions where config.json does not say
   */
  int contextWithin(int window, int fallback) {
    return Math.min(integer("max_position_embeddings", fallback), window);
  }

  /** Width of a head where heads divide the hidden size among them. */
  int headSize(int hidden, int heads) {
    if (heads == 0 || hidden % heads != 0) {
      throw CensusException.input(
          file
              + ": the hidden size "
              + hidden
              + " cannot be divided among "
              + heads
              + " attention heads");
    }
    return hidden / heads;
  }

  /** Refuses a setting that changes the forward pass in a way that is not implemented. */
  void require(String key, boolean holds, String supported) {
    if (!holds) {
      throw CensusException.input(
          file
              + ": "
              + key
              + " = "
              + root.path(key)
              + " is not supported; supported: "
              + supported);
    }
  }
}
