package io.github.ffncensus.knowledge.facts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Facts as JSON, one to a line: {@code {"relation", "fact_id", "head", "answer", "prompts"}}, and
 * if wanted {@code aliases}, {@code tails}, {@code language} and {@code negative_prompts}. A prompt
 * is a text, or {@code {"prompt", "answer"}} where it has an answer of its own. Fields of other
 * names are left alone. Stateless.
 */
public final class FactLines {
  private static final ObjectReader JSON =
      new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private FactLines() {}

  /**
   * The fact of a line; null if there is none that can be used.
   *
   * @param line its number, from 1
   * @param rejects told of the line, or of single prompts of a fact that is used without them
   */
  public static Fact parse(long line, String json, Consumer<FactReject> rejects) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      long column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      rejects.accept(
          FactReject.line(
              line,
              Reason.MALFORMED,
              "not JSON at character " + column + ": " + e.getOriginalMessage()));
      return null;
    }
    if (!root.isObject()) {
      rejects.accept(FactReject.line(line, Reason.MALFORMED, "not a JSON object"));
      return null;
    }
    // As far as it is known, for the reject as well.
    Fact fact =
        new Fact(
            text(root, "relation"),
            text(root, "fact_id"),
            text(root, "head"),
            text(root, "answer"),
            texts(root, "aliases"),
            texts(root, "tails"),
            text(root, "language"),
            List.of());
    return checked(line, fact, root, rejects);
  }

  private static Fact checked(long line, Fact fact, JsonNode root, Consumer<FactReject> rejects) {
    List<String> missing = new ArrayList<>();
    for (String field : List.of("relation", "fact_id", "head", "answer")) {
      if (text(root, field) == null) {
        missing.add(field);
      }
    }
    if (!root.path("prompts").isArray()) {
      missing.add("prompts");
    }
    if (!missing.isEmpty()) {
      String detail = "no usable " + String.join(", ", missing);
      rejects.accept(FactReject.fact(line, fact, Reason.MISSING_FIELD, detail));
      return null;
    }
    if (!isUnicode(fact.relation() + fact.factId() + fact.head() + fact.answer())
        || !fact.aliases().stream().allMatch(FactLines::isUnicode)
        || !fact.tails().stream().allMatch(FactLines::isUnicode)) {
      // The row of the reject could not spell it either.
      rejects.accept(FactReject.line(line, Reason.UNDECODABLE, "half a surrogate pair"));
      return null;
    }
    List<Prompt> prompts = new ArrayList<>();
    String other = text(root, "other_answer");
    JsonNode positive = root.path("prompts");
    if (positive.isEmpty()) {
      rejects.accept(FactReject.fact(line, fact, Reason.NO_PROMPTS, "prompts is empty"));
      return null;
    }
    addPrompts(line, fact, positive, 0, other, false, prompts, rejects);
    JsonNode negative = root.path("negative_prompts");
    addPrompts(line, fact, negative, positive.size(), other, true, prompts, rejects);
    return fact.with(prompts);
  }

  private static void addPrompts(
      long line,
      Fact fact,
      JsonNode array,
      int first,
      String ofFact,
      boolean negative,
      List<Prompt> prompts,
      Consumer<FactReject> rejects) {
    for (int i = 0; i < array.size(); i++) {
      JsonNode element = array.get(i);
      String text = element.isObject() ? text(element, "prompt") : scalar(element);
      String own = element.isObject() ? text(element, "answer") : null;
      String other = element.isObject() ? text(element, "other_answer") : null;
      if (text == null) {
        String detail = "neither a text nor {\"prompt\", \"answer\"}";
        rejects.accept(FactReject.prompt(line, fact, first + i, Reason.MALFORMED, detail));
      } else if (!isUnicode(text + '\n' + own + '\n' + other)) {
        rejects.accept(
            FactReject.prompt(line, fact, first + i, Reason.UNDECODABLE, "half a surrogate pair"));
      } else {
        String answer = own == null ? fact.answer() : own;
        prompts.add(new Prompt(first + i, text, answer, other == null ? ofFact : other, negative));
      }
    }
  }

  /** Whether no surrogate lacks its partner. */
  static boolean isUnicode(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  private static List<String> texts(JsonNode root, String field) {
    List<String> texts = new ArrayList<>();
    for (JsonNode element : root.path(field)) {
      String text = scalar(element);
      if (text != null) {
        texts.add(text);
      }
    }
    return texts;
  }

  private static String text(JsonNode root, String field) {
    return scalar(root.path(field));
  }

  /** A text that is not blank, or a number as text; null for anything else. */
  private static String scalar(JsonNode value) {
    return (value.isTextual() || value.isNumber()) && !value.asText().isBlank()
        ? value.asText()
        : null;
  }
}
