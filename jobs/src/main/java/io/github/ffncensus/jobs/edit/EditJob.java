package io.github.ffncensus.jobs.edit;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.attribute.PromptReading;
import io.github.ffncensus.jobs.config.EditConfig;
import io.github.ffncensus.jobs.knowledge.FactRows;
import io.github.ffncensus.jobs.knowledge.KnowledgeFindings;
import io.github.ffncensus.jobs.knowledge.Relations;
import io.github.ffncensus.jobs.knowledge.UpdateCandidates;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.edit.Erasure;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * Updates facts and erases relations: {@code fact_edits}, {@code fact_edit_prompts} and {@code
 * edit_deltas}, from which {@link EditedModel} makes a model folder where one is asked for.
 */
public final class EditJob {
  private EditJob() {}

  /** Returns the files of each table, left in staging. */
  public static Map<String, List<TableFile>> run(StageContext context) {
    EditConfig config = context.config().edit();
    check(context, config);
    ArrayList<EncodedPrompt> text = OpenText.sample(context);
    Map<String, List<TableFile>> tables = new LinkedHashMap<>();
    for (Map<String, List<TableFile>> part :
        List.of(updates(context, config, text), erasures(context, config, text))) {
      part.forEach(
          (table, files) -> tables.computeIfAbsent(table, name -> new ArrayList<>()).addAll(files));
    }
    for (String table : List.of(EditFiles.EDITS, EditFiles.PROMPTS, EditFiles.DELTAS)) {
      context.made(table, tables.getOrDefault(table, List.of()));
    }
    context.step("findings", () -> KnowledgeFindings.write(context));
    return context.made();
  }

  private static void check(StageContext context, EditConfig config) {
    boolean unknown = config.erase().neurons() > 0 && config.erase().value() == Erasure.UNKNOWN;
    if (unknown && context.setup().tokenizer().unknownToken().isEmpty()) {
      throw CensusException.configuration(
          "census.edit.erase.value = unknown: the tokenizer of "
              + context.model().path()
              + " has no unknown token; use zero or mean");
    }
  }

  private static Map<String, List<TableFile>> updates(
      StageContext context, EditConfig config, ArrayList<EncodedPrompt> text) {
    if (config.update().factsPerRelation() == 0) {
      return Map.of();
    }
    Dataset<Row> facts = FactRows.facts(context.rows(FactRows.PROMPTS)).persist();
    try {
      return updates(context, config, text, facts);
    } finally {
      facts.unpersist();
    }
  }

  private static Map<String, List<TableFile>> updates(
      StageContext context, EditConfig config, ArrayList<EncodedPrompt> text, Dataset<Row> facts) {
    Relations relations = Relations.of(facts);
    UpdateTasks tasks = new UpdateTasks(relations, config.update().factsPerRelation());
    PromptReading reading = PromptReading.of(context.model());
    Dataset<Row> candidates =
        UpdateCandidates.of(
            facts, context.rows(FactRows.NEURONS), context.rows(FactRows.SHARED), config);
    Dataset<Row> updates =
        UpdatePlan.of(candidates, facts, tasks, context.setup(), reading).persist();
    try {
      Dataset<Row> draws =
          updates
              // Rows that one function hands to the next have no schema; those of a select have.
              .select("work", "relation", "fact_id", "ordinal")
              .flatMap(
                  (FlatMapFunction<Row, Row>) new DrawDamage(relations, config),
                  Encoders.row(FactRows.DRAW))
              .union(ofTheSameSubject(updates, facts));
      Dataset<Row> work =
          FactRows.withDrawn(draws, facts)
              .join(updates.drop("work", "head", "ordinal"), new String[] {"relation", "fact_id"});
      return context.groups(
          PartWork.numbered(
              "updates",
              tasks.count(),
              number -> FactRows.names(work.filter(col("work").equalTo(number)))),
          work,
          "work",
          new UpdateFacts(context.setup(), reading, text));
    } finally {
      updates.unpersist();
    }
  }

  /** Facts of other relations with the same head. */
  private static Dataset<Row> ofTheSameSubject(Dataset<Row> updates, Dataset<Row> facts) {
    Dataset<Row> others =
        facts.select(
            col("relation").as("drawn_relation"), col("ordinal").as("drawn_ordinal"), col("head"));
    return updates
        .join(others, "head")
        .filter(not(col("relation").equalTo(col("drawn_relation"))))
        .select(
            col("work"),
            col("relation"),
            col("fact_id"),
            lit(DrawDamage.SUBJECT).as("role"),
            col("drawn_relation"),
            col("drawn_ordinal"));
  }

  private static Map<String, List<TableFile>> erasures(
      StageContext context, EditConfig config, ArrayList<EncodedPrompt> text) {
    Map<String, ArrayList<Neuron>> neurons = mostFrequent(context, config);
    if (neurons.isEmpty()) {
      return Map.of();
    }
    Dataset<Row> prompts = context.rows(FactRows.PROMPTS).filter(not(col("negative")));
    Map<String, Long> counts = new TreeMap<>();
    for (Row row : prompts.groupBy("relation").count().collectAsList()) {
      counts.put(row.getString(0), row.getLong(1));
    }
    Dataset<Row> work =
        prompts.flatMap(
            (FlatMapFunction<Row, Row>)
                new SpreadPrompts(
                    new ArrayList<>(neurons.keySet()),
                    counts,
                    config.erase().otherPrompts(),
                    config.seed()),
            Encoders.row(SpreadPrompts.READ));
    List<String> relations = List.copyOf(neurons.keySet());
    return context.groups(
        PartWork.numbered("erasures", relations.size(), relations::get),
        work,
        "work",
        new EraseRelations(context.setup(), PromptReading.of(context.model()), neurons, text));
  }

  /** The first neurons of each relation that has any. */
  private static Map<String, ArrayList<Neuron>> mostFrequent(
      StageContext context, EditConfig config) {
    Map<String, ArrayList<Neuron>> neurons = new TreeMap<>();
    for (Row row :
        context
            .rows(FactRows.SHARED)
            .filter(col("method").equalTo(config.method().key()))
            .filter(col("rank").leq(config.erase().neurons()))
            .orderBy("relation", "rank")
            .select("relation", "layer", "neuron")
            .collectAsList()) {
      neurons
          .computeIfAbsent(row.getString(0), relation -> new ArrayList<>())
          .add(new Neuron(row.getInt(1), row.getInt(2)));
    }
    return neurons;
  }
}
