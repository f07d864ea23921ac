package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.show.FactExhibit.Neuron;
import io.github.ffncensus.jobs.show.FactExhibit.Operation;
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
  private static final String EDITS = "fact_edits";
  private static final String METHOD = "integrated_gradients";

  /** What facts are drawn for. */
  private static final String SHOWN = "shown facts";

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

  /**
   * Prints facts of different relations, chosen without a look at what their neurons do: a hash
   * orders relations and the facts of each.
   */
  public void print(int count, PrintStream out) {
    boolean updates = facts.values().stream().anyMatch(FactExhibit::isUpdated);
    List<FactExhibit> eligible =
        facts.values().stream()
            .filter(fact -> fact.hasNeurons() && fact.isAnswered())
            .filter(fact -> fact.isUpdated() || !updates)
            .sorted(
                Comparator.comparingLong((FactExhibit fact) -> hash(fact.relation()))
                    .thenComparingLong(fact -> fact.key().hash(SHOWN)))
            .toList();
    out.printf(
        "%nOf %,d facts %,d have neurons%s answered at every prompt%s.%n",
        facts.size(),
        eligible.size(),
        updates ? ", are" : " and are",
        updates ? ", and were updated" : "");
    if (eligible.isEmpty()) {
      out.printf("So there is none to show as an example; --fact RELATION:ID shows any fact.%n");
      return;
    }
    Map<String, FactExhibit> ofRelations = new LinkedHashMap<>();
    eligible.forEach(fact -> ofRelations.putIfAbsent(fact.relation(), fact));
    List<FactExhibit> chosen = ofRelations.values().stream().limit(count).toList();
    new FactEffects(eligible).print(out);
    out.printf(
        "Shown: one of each of %d relations, drawn by a hash of their names and ids, whatever their neurons do.%n",
        chosen.size());
    readTexts(chosen);
    chosen.forEach(fact -> fact.print(out));
  }

  private static long hash(String relation) {
    return SeededHash.of(SeededHash.text(SHOWN), SeededHash.text(relation));
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
    readTexts(List.of(fact));
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
                    row.getInt("prompt_id"),
                    row.getString("head"),
                    row.getString("answer"),
                    row.getDouble("answer_probability"),
                    row.getInt("answer_rank") == 1);
          }
        },
        "relation",
        "fact_id",
        "prompt_id",
        "negative",
        "head",
        "answer",
        "answer_probability",
        "answer_rank");
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
                            new Operation(row.getString("operation"), row.getDouble("factor")),
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
        "factor",
        "probability_before",
        "probability_after");
  }

  private void readUpdates() {
    tables.forEachRow(
        EDITS,
        row -> {
          if (row.getString("kind").equals("update") && isByGradients(row)) {
            of(row).ifPresent(FactExhibit::updated);
          }
        },
        "kind",
        "method",
        "relation",
        "fact_id");
  }

  /** Texts and updates of the chosen facts, and what the corpus says of them. */
  private void readTexts(List<FactExhibit> chosen) {
    tables.forEachRow(
        PROMPTS,
        row -> {
          if (!row.getBoolean("negative")) {
            of(row)
                .filter(chosen::contains)
                .ifPresent(
                    fact ->
                        fact.text(
                            row.getInt("prompt_id"),
                            row.getString("prompt"),
                            row.getString("predicted")));
          }
        },
        "relation",
        "fact_id",
        "prompt_id",
        "negative",
        "prompt",
        "predicted");
    tables.forEachRow(
        EDITS,
        row -> {
          if (FactUpdate.isUpdate(row) && isByGradients(row)) {
            of(row).filter(chosen::contains).ifPresent(fact -> fact.update(FactUpdate.of(row)));
          }
        },
        FactUpdate.COLUMNS);
    readCorpus(chosen);
  }

  /** These tables have rows by sentence. */
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
