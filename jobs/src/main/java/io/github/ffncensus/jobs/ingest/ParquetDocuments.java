package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A document a row of a Parquet file; only the columns with text and id are read. */
final class ParquetDocuments implements DocumentReader {
  private final ParquetTableReader rows;
  private final String textField;
  private final String idField;
  private final boolean hasText;
  private final boolean hasId;
  private final Utf8 utf8 = new Utf8();
  private long units;

  ParquetDocuments(Configuration hadoop, Chunk chunk, CensusConfig.Corpus corpus)
      throws IOException {
    this.textField = corpus.textField();
    this.idField = corpus.idField();
    this.rows =
        ParquetTableReader.openAvailable(
            hadoop, new Path(chunk.path()), chunk.start(), chunk.end(), textField, idField);
    this.hasText = rows.hasColumn(textField);
    this.hasId = rows.hasColumn(idField);
  }

  @Override
  public RawDocument next() throws IOException {
    TableRow row = rows.next();
    if (row == null) {
      return null;
    }
    long unit = units++;
    String id = hasId ? row.getText(idField) : null;
    String ownId = id == null || id.isEmpty() ? null : id;
    if (!hasText || row.isNull(textField)) {
      return RawDocument.rejected(
          unit,
          ownId,
          RejectReason.MISSING_FIELD,
          hasText ? "column " + textField + " is null" : "no column " + textField);
    }
    if (!row.isBytes(textField)) {
      return RawDocument.of(unit, ownId, row.getText(textField));
    }
    byte[] bytes = row.getBytes(textField);
    String text = utf8.decode(bytes, 0, bytes.length);
    return text == null
        ? RawDocument.rejected(
            unit,
            ownId,
            RejectReason.UNDECODABLE,
            "byte " + (utf8.invalidAt() + 1) + " of " + textField + " is not UTF-8")
        : RawDocument.of(unit, ownId, text);
  }

  @Override
  public long units() {
    return units;
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
