package io.github.ffncensus.knowledge.facts;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Heads and answers that go with templates, of one file. A pair without an id of its own is called
 * after its relation and its place among the file's pairs of that relation, from 0: {@code P19-0};
 * in the files after the first, whose number stands between them, {@code P19-1-0}.
 */
public final class PairReader {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectReader LINE =
      JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /**
   * A pair.
   *
   * @param line in the file, from 1
   */
  public record Pair(long line, String relation, String factId, String head, String answer) {}

  private final int file;
  private final Consumer<Pair> pairs;
  private final Consumer<FactReject> rejects;
  private final Map<String, Integer> next = new HashMap<>();

  /**
   * @param file its place among the files of pairs, from 0
   */
  public PairReader(int file, Consumer<Pair> pairs, Consumer<FactReject> rejects) {
    this.file = file;
    this.pairs = pairs;
    this.rejects = rejects;
  }

  /** Whether a file whose first line is this one has a pair a line. */
  public static boolean isPairALine(String firstLine) {
    try {
      return JSON.readTree(firstLine).has("obj_label");
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  /**
   * A line of T-REx: {@code sub_label}, {@code obj_label}, and if they are there {@code uuid} as id
   * and {@code predicate_id} as relation.
   *
   * @param ofFile relation of pairs that name none
   */
  public void readLine(long line, String json, String ofFile) {
    JsonNode root;
    try {
      root = LINE.readTree(json);
    } catch (JsonProcessingException e) {
      rejects.accept(FactReject.line(line, Reason.MALFORMED, "not JSON"));
      return;
    }
    String relation = root.path("predicate_id").asText(ofFile);
    String numbered = number(relation);
    String id = root.path("uuid").asText(numbered);
    pair(line, relation, id, root.path("sub_label"), root.path("obj_label"));
  }

  /** A whole file {@code {"P19": [[head, answer], ...], ...}}, of any length. */
  public void readObject(InputStream in) throws IOException {
    try (JsonParser parser = JSON.createParser(in)) {
      try {
        if (readRelations(parser) && parser.nextToken() != null) {
          long line = parser.currentTokenLocation().getLineNr();
          rejects.accept(FactReject.line(line, Reason.MALFORMED, "more after the object's end"));
        }
      } catch (JsonProcessingException e) {
        long line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
        String detail = "not JSON from here on: " + e.getOriginalMessage();
        rejects.accept(FactReject.line(line, Reason.MALFORMED, detail));
      }
    }
  }

  /** Whether the file is an object. */
  private boolean readRelations(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      String detail =
          "neither {relation: [[head, answer], ...]} nor an object with obj_label a line";
      rejects.accept(FactReject.line(1, Reason.MALFORMED, detail));
      return false;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String relation = parser.currentName();
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        long line = parser.currentTokenLocation().getLineNr();
        String detail = "not a list of pairs";
        rejects.accept(new FactReject(line, relation, null, null, Reason.MALFORMED, detail));
        parser.skipChildren();
        continue;
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        long line = parser.currentTokenLocation().getLineNr();
        JsonNode pair = parser.readValueAsTree();
        pair(line, relation, number(relation), pair.path(0), pair.path(1));
      }
    }
    return true;
  }

  private String number(String relation) {
    int place = next.merge(relation, 1, Integer::sum) - 1;
    return file == 0 ? relation + "-" + place : relation + "-" + file + "-" + place;
  }

  private void pair(long line, String relation, String id, JsonNode head, JsonNode answer) {
    if (isText(head) && isText(answer)) {
      pairs.accept(new Pair(line, relation, id, head.asText(), answer.asText()));
    } else {
      String detail = "no usable " + (isText(head) ? "answer" : "head");
      rejects.accept(new FactReject(line, relation, id, null, Reason.MISSING_FIELD, detail));
    }
  }

  private static boolean isText(JsonNode value) {
    return value.isTextual() && FactLines.isUnicode(value.textValue()) && !value.asText().isBlank();
  }
}
