package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.ParquetTableWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * Table {@code knowledge_neuron_findings}: what Dai et al. 2022 report, with this run's numbers
 * beside it. Every stage on facts writes it anew from all tables that the run then has.
 */
public final class KnowledgeFindings {
  static final String TABLE = "knowledge_neuron_findings";

  private KnowledgeFindings() {}

  public static void write(StageContext context) {
    List<Finding> findings = new ArrayList<>();
    if (context.has("fact_prompts")) {
      findings.addAll(ofFacts(context));
    }
    if (context.has("knowledge_neuron_activations")) {
      findings.addAll(OpenDomainFindings.of(context.rows("knowledge_neuron_activations")));
    }
    if (context.has("fact_interventions")) {
      findings.addAll(InterventionFindings.of(context.rows("fact_interventions")));
    }
    if (context.has("fact_edits")) {
      findings.addAll(EditFindings.of(context.rows("fact_edits")));
    }
    try (ParquetTableWriter<Finding> writer = context.create(TABLE, Finding::encode)) {
      for (Finding finding : findings) {
        writer.write(finding);
      }
      context.made(TABLE, List.of(writer.finish()));
    } catch (IOException e) {
      throw CensusException.runFailed("cannot write " + TABLE + ": " + e.getMessage(), e);
    }
  }

  private static List<Finding> ofFacts(StageContext context) {
    List<Row> relations = PromptFindings.byRelation(context.rows("fact_prompts"));
    List<Finding> findings = new ArrayList<>(PromptFindings.of(relations));
    if (isThere(context, "fact_rejects")) {
      findings.addAll(PromptFindings.ofRejects(context.rows("fact_rejects")));
    }
    if (isThere(context, "attribution_layers")) {
      findings.addAll(PromptFindings.ofLayers(context.rows("attribution_layers")));
    }
    if (isThere(context, "relation_neurons")) {
      findings.addAll(
          NeuronFindings.of(
              relations,
              context.rows("relation_neurons"),
              context.rows("knowledge_neurons"),
              context.model().architecture().layers()));
    }
    return findings;
  }

  /** Whether the run has the table, with rows or without. */
  private static boolean isThere(StageContext context, String table) {
    return context.made().containsKey(table) || !context.published(table).isEmpty();
  }
}
