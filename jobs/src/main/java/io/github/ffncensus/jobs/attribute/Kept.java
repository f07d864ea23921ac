package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.knowledge.refinement.SharingHistogram.Shares;
import io.github.ffncensus.knowledge.refinement.SharingRule;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.sql.Row;

/** Whether a fact keeps a neuron with the ratio of its relation. */
final class Kept implements FilterFunction<Row> {
  private static final long serialVersionUID = 1L;

  private final SharingRule rule;

  Kept(SharingRule rule) {
    this.rule = rule;
  }

  @Override
  public boolean call(Row neuron) {
    return new Shares(
            neuron.getAs(Refinement.SHARES[0]),
            neuron.getAs(Refinement.SHARES[1]),
            neuron.getAs(Refinement.SHARES[2]),
            neuron.getAs(Refinement.SHARES[3]))
        .kept(rule, neuron.getAs("ratio"));
  }
}
