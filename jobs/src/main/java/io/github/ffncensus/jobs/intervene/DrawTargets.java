package io.github.ffncensus.jobs.intervene;

import io.github.ffncensus.jobs.config.InterveneConfig.Target;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.jobs.knowledge.Relations;
import io.github.ffncensus.jobs.knowledge.Relations.Place;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Draws the facts whose prompts are read while a fact's neurons are scaled. */
final class DrawTargets implements FlatMapFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  /** Of a task: large enough for full batches, small enough to share out and to resume. */
  static final int FACTS_PER_TASK = 64;

  private final Relations relations;
  private final List<Target> targets;
  private final long seed;

  DrawTargets(Relations relations, List<Target> targets, long seed) {
    this.relations = relations;
    this.targets = targets;
    this.seed = seed;
  }

  /** Tasks that all facts make. */
  static int tasks(Relations relations) {
    return (int) ((relations.totalFacts() + FACTS_PER_TASK - 1) / FACTS_PER_TASK);
  }

  @Override
  public Iterator<Row> call(Row fact) {
    FactKey key = new FactKey(fact.getAs("relation"), fact.getAs("fact_id"));
    Place place = new Place(key.relation(), fact.getAs("ordinal"));
    List<Row> draws = new ArrayList<>();
    draws.add(draw(key, place, Target.OWN, place));
    if (targets.contains(Target.OTHER)) {
      relations
          .ofOtherRelations(key.relation(), 1, seed, key.hash("other"))
          .forEach(other -> draws.add(draw(key, place, Target.OTHER, other)));
    }
    if (targets.contains(Target.SAME_RELATION)) {
      relations
          .siblings(place, 1, seed, key.hash("same_relation"))
          .forEach(sibling -> draws.add(draw(key, place, Target.SAME_RELATION, sibling)));
    }
    return draws.iterator();
  }

  private Row draw(FactKey key, Place place, Target role, Place drawn) {
    return RowFactory.create(
        (int) (relations.number(place) / FACTS_PER_TASK),
        key.relation(),
        key.factId(),
        role.key(),
        drawn.relation(),
        drawn.ordinal());
  }
}
