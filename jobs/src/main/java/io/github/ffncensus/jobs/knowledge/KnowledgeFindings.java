package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.ParquetTableWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Table {@code knowledge_neuron_findings}: what Dai et al. 2022 report, with this run's numbers
 * beside it. Every stage on facts writes it anew from all tables that the run then has.
 */
public final class KnowledgeFindings {
  static final String TABLE = "knowledge_neuron_findings";

  private KnowledgeFindings() {}

  public static void write(StageContext context) {
    int layers = context.model().architecture().layers();
    List<Finding> findings = new ArrayList<>();
    if (context.has("fact_prompts")) {
      findings.addAll(PromptFindings.of(context.rows("fact_prompts")));
      findings.addAll(PromptFindings.ofRejects(context.rows("fact_rejects")));
    }
    if (context.has("attribution_layers")) {
      findings.addAll(PromptFindings.ofLayers(context.rows("attribution_layers")));
    }
    if (context.has("fact_prompts")) {
      findings.addAll(
          NeuronFindings.of(
              context.rows("fact_prompts"),
              context.rows("relation_neurons"),
              context.rows("knowledge_neurons"),
              layers));
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
}
