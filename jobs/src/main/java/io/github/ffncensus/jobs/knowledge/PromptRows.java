package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.facts.Fact;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/** Prompts as {@link FactRows#facts} has them, in a task that reads them with the model. */
public final class PromptRows {
  private PromptRows() {}

  /** The prompts of a fact, in order. */
  public static Fact ofRows(FactKey key, List<Row> prompts) {
    List<Prompt> texts =
        prompts.stream()
            .map(row -> Prompt.of(row.getAs("prompt_id"), row.getAs("prompt"), row.getAs("answer")))
            .toList();
    return fact(key, texts);
  }

  /** A fact with nothing but prompts: the rest plays no part in how these are read. */
  public static Fact fact(FactKey key, List<Prompt> prompts) {
    String answer = prompts.get(0).answer();
    return new Fact(key.relation(), key.factId(), "", answer, List.of(), List.of(), null, prompts);
  }

  /**
   * Encodes facts whose prompts the run has read before.
   *
   * @return the prompts of each fact, in order
   * @throws CensusException of kind RUN_FAILED if one cannot be encoded, because the tokenizer is
   *     another one than it was
   */
  public static Map<FactKey, List<EncodedPrompt>> encode(PromptEncoder encoder, List<Fact> facts) {
    Map<FactKey, List<EncodedPrompt>> encoded = new LinkedHashMap<>();
    for (PromptEncoder.Result result : encoder.encodeAll(facts)) {
      if (result.encoded() == null) {
        throw CensusException.runFailed(
            "prompt %d of fact %s was read before and cannot be read now: %s; run attribute again"
                .formatted(result.prompt().id(), result.fact().factId(), result.detail()));
      }
      FactKey key = new FactKey(result.fact().relation(), result.fact().factId());
      encoded.computeIfAbsent(key, k -> new ArrayList<>()).add(result.encoded());
    }
    return encoded;
  }
}
