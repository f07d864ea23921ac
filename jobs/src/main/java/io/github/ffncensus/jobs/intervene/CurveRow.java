package io.github.ffncensus.jobs.intervene;

import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.table.RowWriter;

/**
 * A row of {@code suppression_curves}: what a fact's first neurons by attribution do together.
 *
 * @param suppressed how many
 * @param last the weakest of them
 * @param before P
 * @param drop P - P(these suppressed)
 */
record CurveRow(
    String method,
    FactKey fact,
    int promptId,
    int suppressed,
    Neuron last,
    double before,
    double drop) {

  static void encode(CurveRow row, RowWriter out) {
    out.string("method", row.method);
    out.string("relation", row.fact.relation());
    out.string("fact_id", row.fact.factId());
    out.intValue("prompt_id", row.promptId);
    out.intValue("suppressed", row.suppressed);
    out.intValue("layer", row.last.layer());
    out.intValue("neuron", row.last.index());
    out.doubleValue("probability_drop", row.drop);
    out.doubleValue("probability_before", row.before);
  }
}
