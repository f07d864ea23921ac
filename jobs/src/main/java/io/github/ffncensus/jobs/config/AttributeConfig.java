package io.github.ffncensus.jobs.config;

import io.github.ffncensus.knowledge.refinement.CoarseRule;
import io.github.ffncensus.knowledge.refinement.RatioSearch;
import io.github.ffncensus.knowledge.refinement.SharingRule;
import java.io.Serializable;

/**
 * How neurons are attributed, and which of them are a fact's.
 *
 * @param shardPrompts prompts of a task
 * @param cut scores below this part of the prompt's largest are not stored
 * @param floor which prompts vote
 * @param integratedGradients what a prompt nominates by its attributions
 * @param activation what a prompt nominates by its coefficients
 */
public record AttributeConfig(
    int shardPrompts,
    double cut,
    Floor floor,
    CoarseRule integratedGradients,
    CoarseRule activation,
    SharingRule sharing,
    RatioSearch search,
    RelationNeurons relationNeurons)
    implements Serializable {

  /**
   * What a model must answer for a prompt to count.
   *
   * @param minProbability of the answer
   * @param maxRank of the answer, from 1; 0 admits all
   */
  public record Floor(double minProbability, int maxRank) implements Serializable {

    public boolean admits(double probability, int rank) {
      return probability >= minProbability && (maxRank == 0 || rank <= maxRank);
    }
  }

  /**
   * @param minShare part of the relation's facts that must have a neuron
   */
  public record RelationNeurons(double minShare) implements Serializable {}

  static AttributeConfig of(ConfigValues values) {
    return new AttributeConfig(
        values.integer("attribute.shard-prompts"),
        values.decimal("attribute.cut"),
        new Floor(
            values.decimal("attribute.min-answer-probability"),
            values.integer("attribute.max-answer-rank")),
        coarse(values, "attribute.integrated-gradients."),
        coarse(values, "attribute.activation."),
        new SharingRule(
            values.flag("attribute.sharing.exact"),
            values.flag("attribute.sharing.strict"),
            values.integer("attribute.sharing.min-prompts")),
        search(values, "attribute.sharing."),
        new RelationNeurons(values.decimal("attribute.relation-neurons.min-share")));
  }

  private static CoarseRule coarse(ConfigValues values, String section) {
    return new CoarseRule(
        values.constant(CoarseRule.Kind.class, section + "threshold-kind"),
        values.decimal(section + "threshold"),
        values.flag(section + "strict"));
  }

  private static RatioSearch search(ConfigValues values, String section) {
    return new RatioSearch(
        values.constant(RatioSearch.Mode.class, section + "search"),
        values.decimal(section + "ratio"),
        values.decimal(section + "step"),
        values.decimal(section + "lowest"),
        values.decimal(section + "highest"),
        values.integer(section + "rounds"),
        values.decimal(section + "fewest-neurons"),
        values.decimal(section + "most-neurons"));
  }
}
