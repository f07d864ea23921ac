package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.interpret.patterns.PatternTables;
import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.ParquetTableWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Table {@code key_value_findings}: what Geva et al. 2021 report, a row per claim, with this run's
 * number beside the paper's. A claim whose tables the run does not have has no row.
 */
final class FindingsTable {
  static final String TABLE = "key_value_findings";

  private FindingsTable() {}

  static void write(StageContext context) {
    List<Finding> findings = new ArrayList<>();
    Architecture architecture = context.model().architecture();
    int layers = architecture.layers();
    findings.addAll(TriggerFindings.of(context));
    if (context.has(ValueFindings.TABLE)) {
      Dataset<Row> predictions = context.rows(ValueFindings.TABLE);
      findings.addAll(ValueFindings.of(predictions, layers, architecture.vocabulary()));
    }
    if (context.has(LensTable.TABLE)) {
      findings.addAll(
          LensFindings.of(
              context.rows(LensTable.TABLE), architecture.hidden(), architecture.vocabulary()));
    }
    if (context.has(PerturbationTable.SUMMARY)) {
      findings.addAll(PerturbationFindings.of(context.rows(PerturbationTable.SUMMARY), layers));
    }
    if (context.has(PatternTables.SUMMARY)) {
      findings.addAll(PatternFindings.of(context.rows(PatternTables.SUMMARY), layers));
    }
    if (context.has(PositionFindings.COMPOSITION)) {
      findings.addAll(
          PositionFindings.ofComposition(
              context.rows(PositionFindings.COMPOSITION), architecture.intermediate()));
    }
    if (context.has(PositionFindings.REFINEMENT)) {
      findings.addAll(PositionFindings.ofRefinement(context.rows(PositionFindings.REFINEMENT)));
    }
    if (context.has(MemoryTables.POSITIONS)) {
      findings.addAll(
          MemoryFindings.of(
              context.rows(MemoryTables.POSITIONS), context.rows(MemoryTables.ABLATIONS)));
    }
    try (ParquetTableWriter<Finding> writer = context.create(TABLE, Finding::encode)) {
      for (Finding finding : findings) {
        writer.write(finding);
      }
      context.made(TABLE, List.of(writer.finish()));
    } catch (IOException e) {
      throw CensusException.cannotWrite(TABLE, e);
    }
  }
}
