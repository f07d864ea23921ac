package io.github.ffncensus.jobs.knowledge;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Means over all pairs of facts of how far the neurons of two facts overlap, from sums over the
 * pairs: their intersection, or their Jaccard index. Null where there is no pair.
 */
final class RelationOverlap {
  /**
   * A relation's facts, those without neurons included.
   *
   * @param facts N
   * @param pairs sum of the overlaps over all pairs of the relation's facts
   * @param elsewhere sum of the overlaps over its facts and all facts of other relations, those
   *     with facts of a relation q divided by N_q
   */
  record Relation(long facts, double pairs, double elsewhere) {

    private double factPairs() {
      return facts * (facts - 1) / 2.0;
    }
  }

  private final List<Relation> relations;
  private final long facts;

  RelationOverlap(List<Relation> relations) {
    this.relations = List.copyOf(relations);
    this.facts = relations.stream().mapToLong(Relation::facts).sum();
  }

  /** Mean over all pairs of facts of the same relation. */
  Double intraMicro() {
    return ratio(sum(Relation::pairs), sum(Relation::factPairs));
  }

  /** Mean over relations with a pair of the mean over the relation's pairs. */
  Double intraMacro() {
    List<Relation> paired = relations.stream().filter(r -> r.facts() > 1).toList();
    return ratio(paired.stream().mapToDouble(r -> r.pairs() / r.factPairs()).sum(), paired.size());
  }

  /** Mean over all facts of the expected overlap with a random fact of a random other relation. */
  Double interMicro() {
    return ratio(sum(this::others), facts);
  }

  /** Mean over relations of the mean over their facts. */
  Double interMacro() {
    return others() < 1 ? null : ratio(sum(r -> others(r) / r.facts()), relations.size());
  }

  private int others() {
    return relations.size() - 1;
  }

  /** Sum over the relation's facts of what each shares with a random fact elsewhere. */
  private double others(Relation relation) {
    return relation.elsewhere() / others();
  }

  private double sum(ToDoubleFunction<Relation> term) {
    return relations.stream().mapToDouble(term).sum();
  }

  private static Double ratio(double part, double whole) {
    return whole > 0 && !Double.isNaN(part) ? part / whole : null;
  }
}
