package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.show.FactExhibit.Neuron;
import io.github.ffncensus.jobs.show.FactExhibit.Target;
import io.github.ffncensus.table.TableRow;
import java.io.PrintStream;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Prints facts from a published run: their neurons, and what these do, by integrated gradients.
 * Holds a few numbers per fact.
 */
public final class FactGallery {
  private static final String PROMPTS = "fact_prompts";
  private static final String METHOD = "integrated_gradients";

  private final PublishedTables tables;
  private final Map<String, FactExhibit> facts = new LinkedHashMap<>();

  /**
   * @throws CensusException of kind RUN_FAILED if the run has no facts
   */
  public FactGallery(PublishedTables tables) {
    this.tables = tables;
    tables.require(PROMPTS, "attribute");
    readPrompts();
    readNeurons();
    readInterventions();
    readUpdates();
  }

  /** Prints those facts of different relations whose neurons matter most to an answer. */
  public void print(int count, PrintStream out) {
    Map<String, FactExhibit> best = new LinkedHashMap<>();
    facts.values().stream()
        .filter(fact -> !fact.neurons().isEmpty())
        .sorted(
            Comparator.comparing(FactExhibit::hasUpdate)
                .thenComparingDouble(fact -> fact.effect() * fact.probability())
                .reversed())
        .forEach(fact -> best.putIfAbsent(fact.relation(), fact));
    List<FactExhibit> chosen = best.values().stream().limit(count).toList();
    readCorpus(chosen);
    chosen.forEach(fact -> fact.print(out));
  }

  /**
   * Prints one fact.
   *
   * @throws CensusException of kind CONFIGURATION if the run has no such fact
   */
  public void print(String relation, String factId, PrintStream out) {
    FactExhibit fact =
        of(relation, factId)
            .orElseThrow(
                () ->
                    CensusException.configuration(
                        "--fact %s:%s: the run has no such fact; the table %s lists those there are"
                            .formatted(relation, factId, PROMPTS)));
    readCorpus(List.of(fact));
    fact.print(out);
  }

  private Optional<FactExhibit> of(String relation, String factId) {
    return Optional.ofNullable(facts.get(key(relation, factId)));
  }

  private Optional<FactExhibit> of(TableRow row) {
    return of(row.getString("relation"), row.getString("fact_id"));
  }

  private static String key(String relation, String factId) {
    return relation.length() + ":" + relation + factId;
  }

  private static boolean isByGradients(TableRow row) {
    return row.getString("method").equals(METHOD);
  }

  private void readPrompts() {
    tables.forEachRow(
        PROMPTS,
        row -> {
          String relation = row.getString("relation");
          String factId = row.getString("fact_id");
          if (!row.getBoolean("negative")) {
            facts
                .computeIfAbsent(key(relation, factId), k -> new FactExhibit(relation, factId))
                .prompt(
                    row.getString("head"),
                    row.getString("answer"),
                    row.getString("prompt"),
                    row.getString("predicted"),
                    row.getDouble("answer_probability"));
          }
        },
        "relation",
        "fact_id",
        "negative",
        "head",
        "answer",
        "prompt",
        "predicted",
        "answer_probability");
  }

  private void readNeurons() {
    tables.forEachRow(
        "knowledge_neurons",
        row -> {
          if (isByGradients(row)) {
            of(row)
                .ifPresent(
                    fact ->
                        fact.neuron(
                            new Neuron(
                                row.getInt("layer"),
                                row.getInt("neuron"),
                                row.getInt("prompts_sharing"),
                                row.getInt("prompts"))));
          }
        },
        "method",
        "relation",
        "fact_id",
        "layer",
        "neuron",
        "prompts_sharing",
        "prompts");
  }

  private void readInterventions() {
    tables.forEachRow(
        "fact_interventions",
        row -> {
          if (isByGradients(row)) {
            Target target = Target.valueOf(row.getString("target").toUpperCase(Locale.ROOT));
            of(row)
                .ifPresent(
                    fact ->
                        fact.intervention(
                            row.getString("operation"),
                            target,
                            row.getDouble("probability_before"),
                            row.getDouble("probability_after")));
          }
        },
        "method",
        "relation",
        "fact_id",
        "target",
        "operation",
        "probability_before",
        "probability_after");
  }

  private void readUpdates() {
    tables.forEachRow(
        "fact_edits",
        row -> {
          if (row.getString("kind").equals("update") && isByGradients(row)) {
            of(row).ifPresent(fact -> fact.update(update(row)));
          }
        },
        "kind",
        "method",
        "relation",
        "fact_id",
        "edited_neurons",
        "target",
        "answer_before",
        "answer_after",
        "target_probability_before",
        "target_probability_after",
        "intra_relation_perplexity_before",
        "intra_relation_perplexity_after");
  }

  private static String update(TableRow row) {
    String others =
        row.isNull("intra_relation_perplexity_after")
            ? ""
            : String.format(
                Locale.ROOT,
                "; perplexity of other facts of the relation %.2f -> %.2f",
                row.getDouble("intra_relation_perplexity_before"),
                row.getDouble("intra_relation_perplexity_after"));
    return String.format(
        Locale.ROOT,
        "updated to %s in %d value vectors: the model says %s instead of %s; probability of %s %.3f -> %.3f%s",
        row.getString("target"),
        row.getInt("edited_neurons"),
        row.getString("answer_after"),
        row.getString("answer_before"),
        row.getString("target"),
        row.getDouble("target_probability_before"),
        row.getDouble("target_probability_after"),
        others);
  }

  /** What the corpus says of the chosen facts alone: these tables have rows by sentence. */
  private void readCorpus(List<FactExhibit> chosen) {
    tables.forEachRow(
        "knowledge_neuron_activations",
        row -> {
          if (isByGradients(row)) {
            of(row)
                .filter(chosen::contains)
                .ifPresent(
                    fact ->
                        fact.activation(
                            row.getString("text_class"),
                            row.getDouble("mean"),
                            row.getLong("sentences")));
          }
        },
        "method",
        "relation",
        "fact_id",
        "text_class",
        "mean",
        "sentences");
    tables.forEachRow(
        "knowledge_neuron_triggers",
        row -> {
          if (isByGradients(row) && row.getInt("rank") == 1) {
            of(row)
                .filter(chosen::contains)
                .ifPresent(
                    fact ->
                        fact.sentence(
                            row.getString("direction"),
                            row.getDouble("mean_activation"),
                            row.getString("text_class"),
                            row.getString("text")));
          }
        },
        "method",
        "relation",
        "fact_id",
        "direction",
        "rank",
        "mean_activation",
        "text_class",
        "text");
  }
}
