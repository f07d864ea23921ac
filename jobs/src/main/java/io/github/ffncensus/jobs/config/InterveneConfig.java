package io.github.ffncensus.jobs.config;

import java.io.Serializable;
import java.util.List;

/**
 * What is done to knowledge neurons, and which prompts are answered meanwhile.
 *
 * @param factors on the neurons' coefficients
 * @param seed decides which other facts and which control neurons are drawn
 */
public record InterveneConfig(
    List<Double> factors, List<Target> targets, long seed, Interactions interactions)
    implements Serializable {

  /** Whose prompts are answered, and whose neurons are scaled. */
  public enum Target {
    /** The fact's own prompts. */
    OWN,
    /** The prompts of a fact of another relation. */
    OTHER,
    /** The prompts of another fact of the same relation. */
    SAME_RELATION,
    /** The fact's own prompts, while random neurons of the same layers are scaled. */
    RANDOM_NEURONS;

    /** As the tables have it. */
    public String key() {
      return Words.of(this).replace('-', '_');
    }
  }

  /**
   * Pairs of neurons.
   *
   * @param promptsPerFact a sample; 0 means none
   * @param maxNeurons facts with more are left out
   */
  public record Interactions(int promptsPerFact, int maxNeurons) implements Serializable {}

  static InterveneConfig of(ConfigValues values) {
    return new InterveneConfig(
        values.decimals("intervene.factors"),
        values.constants(Target.class, "intervene.targets"),
        values.longInteger("intervene.seed"),
        new Interactions(
            values.integer("intervene.interactions.prompts-per-fact"),
            values.integer("intervene.interactions.max-neurons")));
  }
}
