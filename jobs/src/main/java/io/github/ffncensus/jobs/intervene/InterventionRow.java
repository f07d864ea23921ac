package io.github.ffncensus.jobs.intervene;

import io.github.ffncensus.jobs.config.InterveneConfig.Target;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.table.RowEncoder;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.text.ModelTokenizer;

/**
 * A row of {@code fact_interventions}.
 *
 * @param fact whose neurons are scaled
 * @param prompted whose prompt is read
 * @param neurons how many are scaled
 */
record InterventionRow(
    String method,
    FactKey fact,
    FactKey prompted,
    int promptId,
    Target target,
    double factor,
    int neurons,
    AnswerReading before,
    AnswerReading after) {

  static RowEncoder<InterventionRow> encoder(ModelTokenizer tokenizer) {
    return (row, out) -> row.encode(tokenizer, out);
  }

  private void encode(ModelTokenizer tokenizer, RowWriter out) {
    out.string("method", method);
    out.string("relation", fact.relation());
    out.string("fact_id", fact.factId());
    out.intValue("prompt_id", promptId);
    out.string("target", target.key());
    out.string("operation", factor < 1 ? "suppress" : "amplify");
    out.doubleValue("probability_before", before.probability());
    out.doubleValue("probability_after", after.probability());
    out.doubleValue("factor", factor);
    out.intValue("neurons", neurons);
    out.string("prompt_relation", prompted.relation());
    out.string("prompt_fact_id", prompted.factId());
    out.intValue("answer_rank_before", before.rank());
    out.intValue("answer_rank_after", after.rank());
    out.string("predicted_before", tokenizer.decode(before.predicted()));
    out.string("predicted_after", tokenizer.decode(after.predicted()));
    out.booleanValue("flipped", !before.predictsAs(after));
  }
}
