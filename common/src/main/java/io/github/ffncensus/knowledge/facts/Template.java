package io.github.ffncensus.knowledge.facts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import java.io.Serializable;
import java.util.function.Consumer;

/**
 * A prompt with places for head and answer, as ParaRel writes it: {@code [X] was born in [Y] .}
 *
 * @param pattern with both places
 */
public record Template(String pattern) implements Serializable {
  private static final String HEAD = "[X]";
  private static final String ANSWER = "[Y]";
  private static final ObjectReader JSON =
      new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /**
   * The template of a line, whose JSON object has it as {@code pattern} (ParaRel) or {@code
   * template} (LAMA); null if there is none that can be used.
   *
   * @param line its number, from 1
   */
  public static Template parse(
      long line, String relation, String json, Consumer<FactReject> rejects) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      rejects.accept(reject(line, relation, Reason.MALFORMED, "not JSON"));
      return null;
    }
    String pattern = root.path(root.has("pattern") ? "pattern" : "template").textValue();
    if (pattern == null) {
      rejects.accept(reject(line, relation, Reason.MISSING_FIELD, "no usable pattern"));
      return null;
    }
    if (!pattern.contains(ANSWER)) {
      rejects.accept(
          reject(line, relation, Reason.NO_MARKER, "no " + ANSWER + " in the template " + pattern));
      return null;
    }
    if (!pattern.contains(HEAD)) {
      rejects.accept(
          reject(line, relation, Reason.MALFORMED, "no " + HEAD + " in the template " + pattern));
      return null;
    }
    return new Template(pattern);
  }

  private static FactReject reject(long line, String relation, Reason reason, String detail) {
    return new FactReject(line, relation, null, null, reason, detail);
  }

  /** The prompt for a head. A head that looks like a place is left as it is. */
  public String fill(String head, String marker) {
    return pattern.replace(ANSWER, marker).replace(HEAD, head);
  }
}
