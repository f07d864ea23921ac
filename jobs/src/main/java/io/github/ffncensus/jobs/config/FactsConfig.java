package io.github.ffncensus.jobs.config;

import io.github.ffncensus.knowledge.facts.PromptEncoder.Fill;
import java.io.Serializable;
import java.util.List;

/**
 * The facts, and how their prompts are read.
 *
 * @param input files of facts with prompts
 * @param templates files of templates, by relation
 * @param pairs files of heads and answers for them
 * @param marker what prompts have in the answer's place
 * @param minTemplates relations with fewer templates are left out
 * @param fill how a masked model reads answers of several tokens
 */
public record FactsConfig(
    List<String> input,
    List<String> templates,
    List<String> pairs,
    List<String> relations,
    int limitPerRelation,
    String marker,
    int minTemplates,
    Fill fill)
    implements Serializable {

  static FactsConfig of(ConfigValues values) {
    return new FactsConfig(
        values.texts("facts.input"),
        values.texts("facts.templates"),
        values.texts("facts.pairs"),
        values.texts("facts.relations"),
        values.integer("facts.limit-per-relation"),
        values.text("facts.marker"),
        values.integer("facts.min-templates"),
        values.constant(Fill.class, "facts.fill"));
  }

  /** Whether facts of the relation are read. */
  public boolean wants(String relation) {
    return relations.isEmpty() || relations.contains(relation);
  }

  /** Whether there are facts, in either form. */
  public boolean given() {
    return !input.isEmpty() || !pairs.isEmpty();
  }
}
