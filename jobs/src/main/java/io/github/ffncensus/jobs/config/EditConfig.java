package io.github.ffncensus.jobs.config;

import io.github.ffncensus.knowledge.edit.Direction;
import io.github.ffncensus.knowledge.edit.Erasure;
import io.github.ffncensus.knowledge.edit.UpdateRule;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which facts are updated, which relations erased, and how.
 *
 * @param method whose knowledge neurons are edited
 * @param seed decides everything that is drawn
 * @param controls whether every edit is also made to random neurons
 * @param openTextSequences of the corpus, on which each edit's damage is measured; 0 means none
 * @param writeModel absent if no edited model is to be written
 */
public record EditConfig(
    Method method,
    long seed,
    boolean controls,
    int openTextSequences,
    Update update,
    Erase erase,
    Optional<WriteModel> writeModel)
    implements Serializable {

  /** A word that stands in a configuration for no folder. */
  private static final String OFF = "off";

  /** How neurons were found. */
  public enum Method {
    INTEGRATED_GRADIENTS,
    ACTIVATION;

    /** As the tables have it. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param factsPerRelation at most; 0 means none
   * @param knownOnly facts whose drawn prompt the model does not answer are left alone
   * @param maxShare neurons that a larger part of the relation's facts has are left alone
   * @param countOwnTwice whether the fact counts twice among those that have its neurons
   * @param directions an update of its own is made in each of them
   * @param otherFacts of the relation, and of other relations, on which the damage is measured
   */
  public record Update(
      int factsPerRelation,
      boolean knownOnly,
      double maxShare,
      boolean countOwnTwice,
      List<Direction> directions,
      UpdateRule rule,
      int otherFacts)
      implements Serializable {}

  /**
   * @param neurons of a relation, the most frequent among its facts; 0 means that nothing is erased
   * @param otherPrompts of other relations on which the damage is measured, about
   */
  public record Erase(int neurons, Erasure value, int otherPrompts) implements Serializable {}

  /**
   * @param folder to be made
   * @param edits by their keys, {@code update:relation/fact_id}, {@code
   *     update-head:relation/fact_id} and {@code erase:relation}
   */
  public record WriteModel(String folder, List<String> edits) implements Serializable {}

  static EditConfig of(ConfigValues values) {
    return new EditConfig(
        values.constant(Method.class, "edit.method"),
        values.longInteger("edit.seed"),
        values.flag("edit.controls"),
        values.integer("edit.open-text-sequences"),
        new Update(
            numberOrAll(values, "edit.update.facts-per-relation"),
            values.flag("edit.update.known-only"),
            values.decimal("edit.update.max-share"),
            values.flag("edit.update.count-own-twice"),
            values.constants(Direction.class, "edit.update.directions"),
            new UpdateRule(
                values.flag("edit.update.scaled"),
                values.decimal("edit.update.old-weight"),
                values.decimal("edit.update.new-weight")),
            values.integer("edit.update.other-facts")),
        new Erase(
            values.integer("edit.erase.neurons"),
            values.constant(Erasure.class, "edit.erase.value"),
            numberOrAll(values, "edit.erase.other-prompts")),
        writeModel(values));
  }

  private static int numberOrAll(ConfigValues values, String path) {
    return values.get(path) instanceof Long ? values.integer(path) : Integer.MAX_VALUE;
  }

  private static Optional<WriteModel> writeModel(ConfigValues values) {
    String folder = values.text("edit.write-model.folder");
    return folder.equals(OFF)
        ? Optional.empty()
        : Optional.of(new WriteModel(folder, values.texts("edit.write-model.edits")));
  }
}
