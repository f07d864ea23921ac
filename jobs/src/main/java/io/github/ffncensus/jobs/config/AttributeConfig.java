package io.github.ffncensus.jobs.config;

import io.github.ffncensus.knowledge.attribution.AnswerPath;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.AttributionTarget;
import io.github.ffncensus.knowledge.attribution.StepRule;
import io.github.ffncensus.knowledge.attribution.TargetTokens;
import io.github.ffncensus.knowledge.refinement.CoarseRule;
import io.github.ffncensus.knowledge.refinement.RatioSearch;
import io.github.ffncensus.knowledge.refinement.SharingRule;
import java.io.Serializable;
import java.util.List;

/**
 * How neurons are attributed, and which of them are a fact's.
 *
 * @param shardPrompts prompts of a task
 * @param gradients how attributions are calculated
 * @param baseline where paths begin
 * @param baselineInput files of the coefficients where they begin, if given
 * @param cut scores below this part of the prompt's largest are not stored
 * @param floor which prompts vote
 * @param integratedGradients what a prompt nominates by its attributions
 * @param activation what a prompt nominates by its coefficients
 */
public record AttributeConfig(
    int shardPrompts,
    AttributionOptions gradients,
    BaselineKind baseline,
    List<String> baselineInput,
    double cut,
    Floor floor,
    CoarseRule integratedGradients,
    CoarseRule activation,
    SharingRule sharing,
    RatioSearch search,
    RelationNeurons relationNeurons)
    implements Serializable {

  /** Where the path of the coefficients begins. */
  public enum BaselineKind {
    ZERO,
    /** The means that the run's scan found. */
    CORPUS_MEAN,
    GIVEN
  }

  /**
   * What a model must answer for a prompt to count.
   *
   * @param minProbability of the answer
   * @param maxRank of the answer, from 1; 0 admits all
   * @param heldOutShare part of the prompts that do not count whatever the model answers
   */
  public record Floor(double minProbability, int maxRank, double heldOutShare)
      implements Serializable {

    /**
     * @param draw of the prompt, uniform from 0 to 1
     */
    public boolean admits(double probability, int rank, double draw) {
      return draw >= heldOutShare
          && probability >= minProbability
          && (maxRank == 0 || rank <= maxRank);
    }
  }

  /**
   * @param minShare part of the relation's facts that must have a neuron
   */
  public record RelationNeurons(double minShare) implements Serializable {}

  static AttributeConfig of(ConfigValues values) {
    return new AttributeConfig(
        values.integer("attribute.shard-prompts"),
        gradients(values),
        values.constant(BaselineKind.class, "attribute.baseline"),
        values.texts("attribute.baseline-input"),
        values.decimal("attribute.cut"),
        new Floor(
            values.decimal("attribute.min-answer-probability"),
            values.integer("attribute.max-answer-rank"),
            values.decimal("attribute.held-out-share")),
        coarse(values, "attribute.integrated-gradients."),
        coarse(values, "attribute.activation."),
        new SharingRule(
            values.flag("attribute.sharing.exact"),
            values.flag("attribute.sharing.strict"),
            values.integer("attribute.sharing.min-prompts")),
        search(values, "attribute.sharing."),
        new RelationNeurons(values.decimal("attribute.relation-neurons.min-share")));
  }

  private static AttributionOptions gradients(ConfigValues values) {
    return new AttributionOptions(
        values.constant(StepRule.class, "attribute.rule"),
        values.integer("attribute.steps"),
        values.constant(AttributionTarget.class, "attribute.target"),
        values.constant(TargetTokens.class, "attribute.target-tokens"),
        values.constant(AnswerPath.class, "attribute.answer-path"),
        values.integer("attribute.row-tokens"));
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
