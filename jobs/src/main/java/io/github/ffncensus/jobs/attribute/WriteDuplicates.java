package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.facts.FactReject;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;

/** Task: a file of {@code fact_rejects} of the facts whose id an earlier fact has. */
final class WriteDuplicates implements FlatMapFunction<Iterator<Row>, TableFile> {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final int filesBefore;

  /**
   * @param filesBefore of the table, from other tasks
   */
  WriteDuplicates(TaskSetup setup, int filesBefore) {
    this.setup = setup;
    this.filesBefore = filesBefore;
  }

  @Override
  public Iterator<TableFile> call(Iterator<Row> rows) throws IOException {
    if (!rows.hasNext()) {
      return Collections.emptyIterator();
    }
    int part = filesBefore + 1 + TaskContext.getPartitionId();
    try (ParquetTableWriter<SourcedReject> writer =
        setup.create(SourcedReject.TABLE, part, SourcedReject::encode)) {
      while (rows.hasNext()) {
        writer.write(reject(rows.next()));
      }
      return Collections.singletonList(writer.finish()).iterator();
    }
  }

  private static SourcedReject reject(Row row) {
    String detail =
        "line %d of %s has it already"
            .formatted(row.<Long>getAs("first_line"), row.<String>getAs("first_source"));
    return new SourcedReject(
        row.getAs("source"),
        new FactReject(
            row.<Long>getAs("line"),
            row.getAs("relation"),
            row.getAs("fact_id"),
            null,
            Reason.DUPLICATE_FACT,
            detail));
  }
}
