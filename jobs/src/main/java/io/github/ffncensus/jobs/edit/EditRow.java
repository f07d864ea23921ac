package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.table.RowWriter;

/**
 * A row of {@code fact_edits}.
 *
 * @param factId null if a relation was erased
 * @param judged what the drawn prompt of an update says; null if a relation was erased
 * @param probability of the right answer: of an update at the drawn prompt, of an erasure the mean
 *     over the relation's prompts
 * @param intra the relation's prompts: of an update those of some other facts
 * @param inter prompts of other relations
 * @param subject prompts of other relations about the fact's head
 * @param text perplexity of the corpus
 */
record EditRow(
    EditKind kind,
    String method,
    String relation,
    String factId,
    int editedNeurons,
    Judged judged,
    BeforeAfter probability,
    Damage intra,
    Damage inter,
    Damage subject,
    BeforeAfter text) {

  /**
   * The prompt that an update is judged by.
   *
   * @param direction what stood for answers in the space of value vectors
   * @param directionRank of the target's first token, when the head reads its direction alone
   * @param promptId drawn
   * @param answer what was right
   * @param target what is to be the answer
   * @param targetToken the target's first token
   * @param before the right answer's reading, likewise the others
   */
  record Judged(
      Direction direction,
      int directionRank,
      int promptId,
      String answer,
      String target,
      String targetFactId,
      int targetToken,
      String predictedBefore,
      String predictedAfter,
      AnswerReading before,
      AnswerReading after,
      AnswerReading targetBefore,
      AnswerReading targetAfter) {

    private void encode(RowWriter out) {
      out.intValue("judged_prompt_id", promptId);
      out.string("answer", answer);
      out.string("target_fact_id", targetFactId);
      out.intValue("answer_rank_before", before.rank());
      out.intValue("answer_rank_after", after.rank());
      out.intValue("target_rank_before", targetBefore.rank());
      out.intValue("target_rank_after", targetAfter.rank());
    }

    private void encodeDirection(RowWriter out) {
      out.string("direction", direction.key());
      out.intValue("direction_rank", directionRank);
      out.intValue("answer_tokens", before.predicted().length);
      out.intValue("target_tokens", targetBefore.predicted().length);
      out.booleanValue("target_first_token_predicted", targetAfter.predicted()[0] == targetToken);
      out.booleanValue("changed", !before.predictsAs(after));
    }
  }

  /** Prompts that an edit should leave alone, or should not. */
  record Damage(Perplexity before, Perplexity after) {
    static final Damage NONE = new Damage(new Perplexity(), new Perplexity());

    BeforeAfter perplexity() {
      return new BeforeAfter(before.value(), after.value());
    }

    BeforeAfter accuracy() {
      return new BeforeAfter(before.accuracy(), after.accuracy());
    }
  }

  static void encode(EditRow row, RowWriter out) {
    out.string("kind", row.kind.key());
    out.string("relation", row.relation);
    if (row.factId != null) {
      out.string("fact_id", row.factId);
    }
    out.intValue("edited_neurons", row.editedNeurons);
    if (row.judged != null) {
      out.string("answer_before", row.judged.predictedBefore);
      out.string("answer_after", row.judged.predictedAfter);
      out.string("target", row.judged.target);
    }
    row.probability.encode("probability", out);
    if (row.judged != null) {
      out.doubleValue("target_probability_before", row.judged.targetBefore.probability());
      out.doubleValue("target_probability_after", row.judged.targetAfter.probability());
    }
    row.intra.perplexity().encode("intra_relation_perplexity", out);
    row.inter.perplexity().encode("inter_relation_perplexity", out);
    out.string("method", row.method);
    if (row.judged != null) {
      row.judged.encode(out);
    }
    out.intValue("intra_relation_prompts", (int) row.intra.after.count());
    row.intra.accuracy().encode("intra_relation_accuracy", out);
    out.intValue("inter_relation_prompts", (int) row.inter.after.count());
    row.inter.accuracy().encode("inter_relation_accuracy", out);
    out.intValue("subject_prompts", (int) row.subject.after.count());
    row.subject.perplexity().encode("subject_perplexity", out);
    row.text.encode("text_perplexity", out);
    if (row.judged != null) {
      row.judged.encodeDirection(out);
    }
  }
}
