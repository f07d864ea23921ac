package io.github.ffncensus.jobs.intervene;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.attribute.PromptReading;
import io.github.ffncensus.jobs.config.InterveneConfig;
import io.github.ffncensus.jobs.knowledge.FactRows;
import io.github.ffncensus.jobs.knowledge.KnowledgeFindings;
import io.github.ffncensus.jobs.knowledge.Relations;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.table.TableFile;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * Suppresses and amplifies the knowledge neurons of every fact, and reads its own prompts and those
 * of others meanwhile: {@code fact_interventions}, {@code neuron_interactions}, {@code
 * suppression_curves}.
 */
public final class InterveneJob {
  private static final List<String> TABLES =
      List.of(InterveneFacts.INTERVENTIONS, InterveneFacts.INTERACTIONS, InterveneFacts.CURVES);

  private InterveneJob() {}

  /** Returns the files of each table, left in staging. */
  public static Map<String, List<TableFile>> run(StageContext context) {
    InterveneConfig config = context.config().intervene();
    Dataset<Row> facts = FactRows.facts(context.rows(FactRows.PROMPTS)).persist();
    try {
      Map<String, List<TableFile>> tables = interventions(context, config, facts);
      for (String table : TABLES) {
        context.made(table, tables.getOrDefault(table, List.of()));
      }
      context.step("findings", () -> KnowledgeFindings.write(context));
      return context.made();
    } finally {
      facts.unpersist();
    }
  }

  private static Map<String, List<TableFile>> interventions(
      StageContext context, InterveneConfig config, Dataset<Row> facts) {
    Relations relations = Relations.of(facts);
    Dataset<Row> draws =
        facts.flatMap(
            (FlatMapFunction<Row, Row>) new DrawTargets(relations, config.targets(), config.seed()),
            Encoders.row(FactRows.DRAW));
    Dataset<Row> work =
        FactRows.withDrawn(draws, facts)
            .join(
                FactRows.neurons(context.rows(FactRows.NEURONS)),
                new String[] {"relation", "fact_id"},
                "left");
    return context.groups(
        PartWork.numbered(
            "interventions",
            DrawTargets.tasks(relations),
            number -> FactRows.names(work.filter(col("work").equalTo(number)))),
        work,
        "work",
        new InterveneFacts(context.setup(), PromptReading.of(context.model())));
  }
}
