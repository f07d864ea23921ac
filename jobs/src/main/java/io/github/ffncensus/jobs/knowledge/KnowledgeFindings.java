package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.ParquetTableWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Table {@code knowledge_neuron_findings}: what Dai et al. 2022 report, with this run's numbers
 * beside it. Every stage on facts writes it anew from all tables that the run then has.
 */
public final class KnowledgeFindings {
  static final String TABLE = "knowledge_neuron_findings";

  private static final String ACTIVATIONS = "knowledge_neuron_activations";
  private static final String INTERVENTIONS = "fact_interventions";
  private static final String EDITS = "fact_edits";
  private static final String EDIT_PROMPTS = "fact_edit_prompts";

  private KnowledgeFindings() {}

  public static void write(StageContext context) {
    List<Finding> findings = new ArrayList<>();
    if (context.has(FactRows.PROMPTS)) {
      findings.addAll(ofFacts(context));
    } else {
      findings.addAll(PromptFindings.missing("the run has no facts"));
      findings.addAll(NeuronFindings.missing("the run has no facts"));
    }
    findings.addAll(ofText(context));
    findings.addAll(ofInterventions(context));
    findings.addAll(ofEdits(context));
    try (ParquetTableWriter<Finding> writer = context.create(TABLE, Finding::encode)) {
      for (Finding finding : findings) {
        writer.write(finding);
      }
      context.made(TABLE, List.of(writer.finish()));
    } catch (IOException e) {
      throw CensusException.cannotWrite(TABLE, e);
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
    if (isThere(context, "refinement_ratios")) {
      findings.addAll(
          NeuronFindings.ofRatios(
              context.rows("refinement_ratios"), context.config().attribute().search()));
    }
    return findings;
  }

  private static List<Finding> ofText(StageContext context) {
    return isThere(context, ACTIVATIONS)
        ? OpenDomainFindings.of(context.rows(ACTIVATIONS), place(context))
        : OpenDomainFindings.missing(lacks(ACTIVATIONS, "kn-stats"));
  }

  private static String place(StageContext context) {
    if (context.model().causal()) {
      return "read at the token before the answer";
    }
    return switch (context.config().knStats().masks()) {
      case FIRST -> "read at the first of the answer's masks";
      case MEAN -> "read as the mean over the answer's masks";
    };
  }

  private static List<Finding> ofInterventions(StageContext context) {
    return isThere(context, INTERVENTIONS)
        ? InterventionFindings.of(context.rows(INTERVENTIONS))
        : InterventionFindings.missing(lacks(INTERVENTIONS, "intervene"));
  }

  private static List<Finding> ofEdits(StageContext context) {
    List<Finding> findings = new ArrayList<>();
    if (isThere(context, EDITS)) {
      Dataset<Row> edits = context.rows(EDITS);
      findings.addAll(
          UpdateFindings.of(edits, context.rows(EDIT_PROMPTS), account(context, edits)));
      findings.addAll(ErasureFindings.of(edits));
    } else {
      findings.addAll(UpdateFindings.missing(lacks(EDITS, "edit")));
      findings.addAll(ErasureFindings.missing(lacks(EDITS, "edit")));
    }
    return findings;
  }

  private static String account(StageContext context, Dataset<Row> edits) {
    return UpdateCandidates.account(
        FactRows.facts(context.rows(FactRows.PROMPTS)),
        context.rows(FactRows.NEURONS),
        context.rows(FactRows.SHARED),
        context.config().edit(),
        UpdateFindings.updated(edits));
  }

  private static String lacks(String table, String stage) {
    return "the run has no %s yet, which the stage %s makes".formatted(table, stage);
  }

  /** Whether the run has the table, with rows or without. */
  private static boolean isThere(StageContext context, String table) {
    return context.made().containsKey(table) || !context.published(table).isEmpty();
  }
}
