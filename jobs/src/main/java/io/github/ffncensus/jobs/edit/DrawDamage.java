package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.config.EditConfig;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.Relations;
import io.github.ffncensus.jobs.knowledge.Relations.Place;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Draws the facts on which an update's damage is measured; rows of {@code FactRows.DRAW}. */
final class DrawDamage implements FlatMapFunction<Row, Row> {
  static final String OWN = "own";
  static final String INTRA = "intra";
  static final String INTER = "inter";

  /** Facts of other relations about the same thing; they are not drawn, but all taken. */
  static final String SUBJECT = "subject";

  private static final long serialVersionUID = 1L;

  private final Relations relations;
  private final int otherFacts;
  private final long seed;

  DrawDamage(Relations relations, EditConfig config) {
    this.relations = relations;
    this.otherFacts = config.update().otherFacts();
    this.seed = config.seed();
  }

  @Override
  public Iterator<Row> call(Row update) {
    FactKey key = new FactKey(update.getAs("relation"), update.getAs("fact_id"));
    Place place = new Place(key.relation(), update.getAs("ordinal"));
    List<Row> draws = new ArrayList<>();
    draws.add(draw(update, OWN, place));
    relations
        .siblings(place, otherFacts, seed, key.hash(INTRA))
        .forEach(sibling -> draws.add(draw(update, INTRA, sibling)));
    relations
        .ofOtherRelations(key.relation(), otherFacts, seed, key.hash(INTER))
        .forEach(other -> draws.add(draw(update, INTER, other)));
    return draws.iterator();
  }

  private Row draw(Row update, String role, Place drawn) {
    return RowFactory.create(
        update.getAs("work"),
        update.getAs("relation"),
        update.getAs("fact_id"),
        role,
        drawn.relation(),
        drawn.ordinal());
  }
}
