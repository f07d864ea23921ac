package io.github.ffncensus.jobs.knowledge;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * How many neurons facts share, over all pairs of facts, from sums over neurons: no pair is looked
 * at. Null where there is no pair.
 */
final class RelationOverlap {
  /**
   * A relation's facts. With n_j facts that have neuron j:
   *
   * @param facts N
   * @param neurons sum of n_j: sizes of all facts' sets
   * @param pairs sum of n_j (n_j - 1) / 2: neurons shared by two facts, over all pairs
   * @param elsewhere sum over j of n_j and over the other relations q of n_j(q) / N_q
   */
  record Relation(long facts, long neurons, long pairs, double elsewhere) {

    double factPairs() {
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

  /** Sum of intersections over sum of unions, all pairs inside relations. */
  Double intraJaccard() {
    return ratio(sum(Relation::pairs), sum(RelationOverlap::either));
  }

  /** Mean over relations whose pairs have neurons of the ratio of the relation's sums. */
  Double intraJaccardMacro() {
    return meanRatio(Relation::pairs, RelationOverlap::either);
  }

  /** Sum over the relation's pairs of the neurons that either fact has. */
  private static double either(Relation relation) {
    return (double) (relation.facts() - 1) * relation.neurons() - relation.pairs();
  }

  /** Mean over all facts of the expected overlap with a fact of another relation. */
  Double interMicro() {
    return ratio(sum(this::others), facts);
  }

  /** Mean over relations of the mean over their facts. */
  Double interMacro() {
    return others() < 1 ? null : ratio(sum(r -> others(r) / r.facts()), relations.size());
  }

  /** Expected intersection over expected union, with a fact of another relation. */
  Double interJaccard() {
    return others() < 1 ? null : ratio(sum(this::others), sum(this::eitherWithOthers));
  }

  /** Mean over relations with neurons around of the ratio of the relation's sums. */
  Double interJaccardMacro() {
    return others() < 1 ? null : meanRatio(this::others, this::eitherWithOthers);
  }

  /** Sum over the relation's facts of what it or a random fact elsewhere has. */
  private double eitherWithOthers(Relation relation) {
    double own = (double) relation.neurons() / relation.facts();
    double elsewhere = sum(r -> (double) r.neurons() / r.facts()) - own;
    return relation.neurons() + relation.facts() * elsewhere / others() - others(relation);
  }

  private Double meanRatio(ToDoubleFunction<Relation> part, ToDoubleFunction<Relation> whole) {
    OptionalDouble mean =
        relations.stream()
            .filter(relation -> whole.applyAsDouble(relation) > 0)
            .mapToDouble(r -> part.applyAsDouble(r) / whole.applyAsDouble(r))
            .average();
    return mean.isPresent() ? mean.getAsDouble() : null;
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
