package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.attribute.PromptReading;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.PromptRows;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.facts.Fact.Prompt;
import io.github.ffncensus.knowledge.facts.PromptEncoder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.function.CoGroupFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Draws what the facts of a relation are updated to: the answer of a fact of the relation, uniform
 * among those whose answer can stand in the judged prompt and begins with another token there. None
 * if there is no such fact. Holds the answers of one relation.
 */
final class DrawAnswers implements CoGroupFunction<String, Row, Row, Row> {
  /** An update, and the task that makes it. */
  static final StructType UPDATE =
      StructType.fromDDL(
          "work INT, relation STRING, fact_id STRING, head STRING, ordinal INT, judged INT,"
              + " answer STRING, target STRING, target_fact_id STRING,"
              + " neurons ARRAY<STRUCT<layer: INT, neuron: INT>>");

  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final PromptReading reading;
  private final UpdateTasks tasks;
  private final long seed;

  DrawAnswers(TaskSetup setup, PromptReading reading, UpdateTasks tasks) {
    this.setup = setup;
    this.reading = reading;
    this.tasks = tasks;
    this.seed = setup.config().edit().seed();
  }

  private record Candidate(int ordinal, String factId, String answer) {}

  /**
   * @param picked facts to be updated, each with its {@code place} among those
   * @param facts all of the relation: {@code ordinal, fact_id, answer}
   */
  @Override
  public Iterator<Row> call(String relation, Iterator<Row> picked, Iterator<Row> facts) {
    List<Row> updates = new ArrayList<>();
    if (picked.hasNext()) {
      List<Candidate> candidates = new ArrayList<>();
      facts.forEachRemaining(
          row ->
              candidates.add(
                  new Candidate(row.getAs("ordinal"), row.getAs("fact_id"), row.getAs("answer"))));
      // So that draws do not depend on how rows come.
      candidates.sort(Comparator.comparingInt(Candidate::ordinal));
      Set<String> answers = new HashSet<>();
      candidates.forEach(candidate -> answers.add(candidate.answer()));
      PromptEncoder encoder = reading.encoder(setup);
      picked.forEachRemaining(
          row -> {
            Candidate target = draw(row, candidates, answers.size(), encoder);
            if (target != null) {
              updates.add(update(row, target));
            }
          });
    }
    return updates.iterator();
  }

  private Candidate draw(
      Row picked, List<Candidate> candidates, int answers, PromptEncoder encoder) {
    FactKey key = new FactKey(picked.getAs("relation"), picked.getAs("fact_id"));
    Set<String> refused = new HashSet<>();
    for (int draw = 0; refused.size() < answers; draw++) {
      Candidate candidate =
          candidates.get(SeededHash.below(candidates.size(), seed, key.hash("new answer"), draw));
      if (!refused.contains(candidate.answer())) {
        if (canReplace(key, picked, candidate.answer(), encoder)) {
          return candidate;
        }
        refused.add(candidate.answer());
      }
    }
    return null;
  }

  /** Whether the new answer is readable in the judged prompt and begins with another token. */
  private static boolean canReplace(FactKey key, Row picked, String answer, PromptEncoder encoder) {
    String text = picked.getAs("prompt");
    List<Prompt> prompts =
        List.of(Prompt.of(0, text, picked.getAs("answer")), Prompt.of(1, text, answer));
    List<EncodedPrompt> encoded =
        encoder.encodeAll(List.of(PromptRows.fact(key, prompts))).stream()
            .map(PromptEncoder.Result::encoded)
            .toList();
    return encoded.get(0) != null
        && encoded.get(1) != null
        && firstToken(encoded.get(0)) != firstToken(encoded.get(1));
  }

  private static int firstToken(EncodedPrompt prompt) {
    return prompt.contexts().get(0).answers()[0];
  }

  private Row update(Row picked, Candidate target) {
    return RowFactory.create(
        tasks.of(picked.getAs("relation"), picked.getAs("place")),
        picked.getAs("relation"),
        picked.getAs("fact_id"),
        picked.getAs("head"),
        picked.getAs("ordinal"),
        picked.getAs("judged"),
        picked.getAs("answer"),
        target.answer(),
        target.factId(),
        picked.get(picked.fieldIndex("neurons")));
  }
}
