package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.text.ModelTokenizer;

/**
 * A row of {@code fact_edit_prompts}: a prompt of an updated fact, before and after.
 *
 * @param judged whether the update is judged by it
 * @param localising whether it had a part in finding the neurons
 * @param answer what is right, and its readings
 * @param target what is to be the answer, and its readings
 */
record EditPromptRow(
    EditKind kind,
    Direction direction,
    String method,
    FactKey fact,
    int promptId,
    boolean judged,
    boolean localising,
    String answer,
    String target,
    AnswerReading before,
    AnswerReading after,
    AnswerReading targetBefore,
    AnswerReading targetAfter) {

  static RowEncoder<EditPromptRow> encoder(ModelTokenizer tokenizer) {
    return (row, out) -> row.encode(tokenizer, out);
  }

  private void encode(ModelTokenizer tokenizer, RowWriter out) {
    out.string("kind", kind.key());
    out.string("method", method);
    out.string("relation", fact.relation());
    out.string("fact_id", fact.factId());
    out.intValue("prompt_id", promptId);
    out.booleanValue("judged", judged);
    out.booleanValue("localising", localising);
    out.string("answer", answer);
    out.string("target", target);
    out.string("answer_before", tokenizer.decode(before.predicted()));
    out.string("answer_after", tokenizer.decode(after.predicted()));
    out.booleanValue("changed", !before.predictsAs(after));
    out.doubleValue("probability_before", before.probability());
    out.doubleValue("probability_after", after.probability());
    out.doubleValue("target_probability_before", targetBefore.probability());
    out.doubleValue("target_probability_after", targetAfter.probability());
    out.intValue("answer_rank_before", before.rank());
    out.intValue("answer_rank_after", after.rank());
    out.intValue("target_rank_before", targetBefore.rank());
    out.intValue("target_rank_after", targetAfter.rank());
    out.string("direction", direction.key());
    out.intValue("answer_tokens", before.predicted().length);
    out.intValue("target_tokens", targetBefore.predicted().length);
  }
}
