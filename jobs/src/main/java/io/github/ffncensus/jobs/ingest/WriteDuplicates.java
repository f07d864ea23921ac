package io.github.ffncensus.jobs.ingest;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;

/** Task: a file per split with the numbers of its duplicates, which come sorted. */
final class WriteDuplicates implements FlatMapFunction<Iterator<Row>, SplitDuplicates> {
  private final IngestContext context;

  WriteDuplicates(IngestContext context) {
    this.context = context;
  }

  @Override
  public Iterator<SplitDuplicates> call(Iterator<Row> rows) throws IOException {
    List<SplitDuplicates> written = new ArrayList<>();
    Row row = rows.hasNext() ? rows.next() : null;
    while (row != null) {
      int split = row.getInt(0);
      String name = "%05d-%s".formatted(split, context.staging().attempt());
      Path file = context.staging().file(IngestContext.DUPLICATES, name);
      long documents = 0;
      long sequences = 0;
      long tokens = 0;
      try (DataOutputStream out =
          new DataOutputStream(
              new BufferedOutputStream(
                  file.getFileSystem(context.staging().hadoop()).create(file, true)))) {
        while (row != null && row.getInt(0) == split) {
          out.writeLong(row.getLong(1));
          documents++;
          sequences += row.getLong(2);
          tokens += row.getLong(3);
          row = rows.hasNext() ? rows.next() : null;
        }
      }
      written.add(new SplitDuplicates(split, name, documents, sequences, tokens));
    }
    return written.iterator();
  }
}
