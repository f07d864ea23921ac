package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.knowledge.refinement.RatioSearch;
import io.github.ffncensus.knowledge.refinement.RatioSearch.Found;
import io.github.ffncensus.knowledge.refinement.SharingHistogram;
import io.github.ffncensus.knowledge.refinement.SharingHistogram.Shares;
import io.github.ffncensus.knowledge.refinement.SharingRule;
import java.util.List;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** From a relation's histogram (method, relation, facts, bars) to its ratio. */
final class FindRatio implements MapFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final RatioSearch search;
  private final SharingRule rule;

  FindRatio(RatioSearch search, SharingRule rule) {
    this.search = search;
    this.rule = rule;
  }

  @Override
  public Row call(Row relation) {
    long facts = relation.getLong(2);
    SharingHistogram histogram = new SharingHistogram(facts);
    // Null where no prompt of the relation nominates anything.
    List<Row> bars = relation.isNullAt(3) ? List.of() : relation.getList(3);
    for (Row bar : bars) {
      histogram.add(
          new Shares(bar.getInt(0), bar.getInt(1), bar.getInt(2), bar.getInt(3)), bar.getLong(4));
    }
    Found found = search.find(histogram, rule);
    return RowFactory.create(
        relation.getString(0),
        relation.getString(1),
        found.ratio(),
        found.meanNeurons(),
        found.inBand(),
        Math.toIntExact(facts));
  }
}
