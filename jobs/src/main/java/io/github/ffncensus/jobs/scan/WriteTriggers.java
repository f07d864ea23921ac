package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;

/** Task: files of {@code trigger_prefixes} from rows sorted by file, layer, neuron and rank. */
final class WriteTriggers implements FlatMapFunction<Iterator<Row>, TableFile> {
  private static final long serialVersionUID = 1L;

  private final ScanContext context;

  WriteTriggers(ScanContext context) {
    this.context = context;
  }

  @Override
  public Iterator<TableFile> call(Iterator<Row> rows) throws IOException {
    List<TableFile> files = new ArrayList<>();
    Row row = rows.hasNext() ? rows.next() : null;
    while (row != null) {
      int number = row.getInt(0);
      String name = "part-%05d-%s.parquet".formatted(number, context.staging().attempt());
      Path file = context.staging().file(TriggerTable.TABLE, name);
      try (ParquetTableWriter<Row> writer =
          ParquetTableWriter.create(
              context.staging().hadoop(),
              file,
              TriggerTable.TABLE,
              context.runId(),
              WriteTriggers::encode)) {
        while (row != null && row.getInt(0) == number) {
          writer.write(row);
          row = rows.hasNext() ? rows.next() : null;
        }
        files.add(writer.finish());
      }
    }
    return files.iterator();
  }

  private static void encode(Row row, RowWriter out) {
    out.intValue("layer", row.getInt(1));
    out.intValue("neuron", row.getInt(2));
    out.string("polarity", row.getString(3));
    out.intValue("rank", row.getInt(4));
    out.floatValue("coefficient", row.getFloat(5));
    out.longValue("sequence_id", row.getLong(6));
    out.intValue("position", row.getInt(7));
    out.string("document_id", row.getString(8));
    out.string("prefix", row.getString(9));
    out.intValue("token_id", row.getInt(10));
    out.string("token", row.getString(11));
    if (!row.isNullAt(12)) {
      out.intValue("next_token_id", row.getInt(12));
      out.string("next_token", row.getString(13));
    }
  }
}
