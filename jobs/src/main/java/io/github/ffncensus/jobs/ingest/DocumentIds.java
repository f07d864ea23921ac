package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;

/** Task: the ids of a split's usable documents, as {@link DuplicateFinder#SCHEMA} has them. */
final class DocumentIds implements FlatMapFunction<StagedSplit, Row> {
  private final IngestContext context;

  DocumentIds(IngestContext context) {
    this.context = context;
  }

  @Override
  public Iterator<Row> call(StagedSplit split) throws IOException {
    ParquetTableReader reader =
        ParquetTableReader.open(
            context.staging().hadoop(),
            context.staging().file(IngestContext.TOKENIZED, split.file()),
            "document",
            "chunk",
            "unit",
            "document_id",
            "reason",
            "token_count");
    TaskCompletionListener close = task -> closeQuietly(reader);
    TaskContext.get().addTaskCompletionListener(close);
    return new Documents(split, reader);
  }

  private static void closeQuietly(ParquetTableReader reader) {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Documents implements Iterator<Row> {
    private final StagedSplit split;
    private final ParquetTableReader reader;
    private TableRow row;

    Documents(StagedSplit split, ParquetTableReader reader) {
      this.split = split;
      this.reader = reader;
      advance();
    }

    @Override
    public boolean hasNext() {
      return row != null;
    }

    @Override
    public Row next() {
      if (row == null) {
        throw new NoSuchElementException();
      }
      long document = row.getLong("document");
      String id =
          split.documentId(row.getInt("chunk"), row.getLong("unit"), row.getString("document_id"));
      long sequences = 0;
      long tokens = 0;
      while (row != null && row.getLong("document") == document) {
        sequences++;
        tokens += row.getInt("token_count");
        advance();
      }
      return RowFactory.create(id, split.split().index(), document, sequences, tokens);
    }

    private void advance() {
      try {
        do {
          row = reader.next();
        } while (row != null && !row.isNull("reason"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
