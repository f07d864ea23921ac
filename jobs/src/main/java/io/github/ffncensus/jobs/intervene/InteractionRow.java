package io.github.ffncensus.jobs.intervene;

import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.table.RowWriter;

/**
 * A row of {@code neuron_interactions}: with D(S) = P - P(S suppressed), how much more or less two
 * neurons do together than alone.
 *
 * @param before P
 * @param dropA D({a})
 * @param dropB D({b})
 * @param dropBoth D({a, b})
 */
record InteractionRow(
    String method,
    FactKey fact,
    int promptId,
    Neuron a,
    Neuron b,
    double before,
    double dropA,
    double dropB,
    double dropBoth) {

  static void encode(InteractionRow row, RowWriter out) {
    out.string("method", row.method);
    out.string("relation", row.fact.relation());
    out.string("fact_id", row.fact.factId());
    out.intValue("prompt_id", row.promptId);
    out.intValue("layer_a", row.a.layer());
    out.intValue("neuron_a", row.a.index());
    out.intValue("layer_b", row.b.layer());
    out.intValue("neuron_b", row.b.index());
    out.doubleValue("drop_a", row.dropA);
    out.doubleValue("drop_b", row.dropB);
    out.doubleValue("drop_both", row.dropBoth);
    out.doubleValue("interaction", row.dropBoth - row.dropA - row.dropB);
    out.doubleValue("probability_before", row.before);
  }
}
