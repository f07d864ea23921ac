package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.opendomain.FactNames;
import io.github.ffncensus.knowledge.opendomain.TextClass;
import io.github.ffncensus.knowledge.opendomain.TriggerRules;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Direction;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/** Task: files of {@code knowledge_neuron_triggers}, from rows sorted as the table is. */
final class WriteTriggerTexts implements FlatMapFunction<Iterator<Row>, TableFile> {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final Broadcast<FactBook> book;
  private final TriggerRules triggers;

  WriteTriggerTexts(TaskSetup setup, Broadcast<FactBook> book, TriggerRules triggers) {
    this.setup = setup;
    this.book = book;
    this.triggers = triggers;
  }

  @Override
  public Iterator<TableFile> call(Iterator<Row> rows) throws IOException {
    List<TableFile> files = new ArrayList<>();
    Row row = rows.hasNext() ? rows.next() : null;
    while (row != null) {
      int file = row.getInt(0);
      try (ParquetTableWriter<Row> writer = setup.create(TriggerTexts.TABLE, file, this::encode)) {
        while (row != null && row.getInt(0) == file) {
          writer.write(row);
          row = rows.hasNext() ? rows.next() : null;
        }
        files.add(writer.finish());
      }
    }
    return files.iterator();
  }

  private void encode(Row row, RowWriter out) {
    FactNames fact = book.value().names().get(row.getInt(1));
    out.string("method", book.value().methods().get(row.getInt(2)));
    out.string("relation", fact.relation());
    out.string("fact_id", fact.factId());
    out.string("direction", Direction.values()[row.getInt(4)].label());
    out.intValue("rank", row.getInt(5));
    out.doubleValue("mean_activation", row.getDouble(6));
    out.longValue("sequence_id", row.getLong(7));
    out.string("text", row.getString(9));
    out.string("text_class", TextClass.values()[row.getInt(8)].label());
    out.string("scope", triggers.scopes().get(row.getInt(3)).label());
  }
}
