package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Format;
import io.github.ffncensus.table.RejectReason;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/** A document a line: the line itself, or the JSON object in it. */
final class LineDocuments implements DocumentReader {
  /** Bytes that one UTF-16 unit takes at most, written as a JSON escape. */
  private static final int BYTES_PER_CHAR = 6;

  /** Room for the other fields of a JSON object. */
  private static final int OTHER_BYTES = 1 << 20;

  private final LineInput lines;
  private final JsonDocument json;
  private final Utf8 utf8 = new Utf8();
  private final int maxChars;
  private final boolean startsFile;
  private long units;

  LineDocuments(Configuration hadoop, Chunk chunk, CensusConfig.Corpus corpus) throws IOException {
    this.json =
        corpus.format() == Format.JSONL
            ? new JsonDocument(corpus.textField(), corpus.idField())
            : null;
    this.maxChars = corpus.maxDocumentChars();
    this.startsFile = chunk.start() == 0;
    this.lines = open(hadoop, chunk, maxBytes(maxChars));
  }

  private static int maxBytes(int maxChars) {
    return (int) Math.min(Integer.MAX_VALUE - 64, (long) maxChars * BYTES_PER_CHAR + OTHER_BYTES);
  }

  private static LineInput open(Configuration hadoop, Chunk chunk, int maxBytes)
      throws IOException {
    Path file = new Path(chunk.path());
    if (CorpusStreams.isCompressed(chunk.path())) {
      return new LineInput(CorpusStreams.open(hadoop, file), 0, Long.MAX_VALUE, maxBytes);
    }
    if (chunk.start() == 0) {
      InputStream in = CorpusStreams.open(hadoop, file);
      return new LineInput(in, 0, chunk.end(), maxBytes);
    }
    // The byte before tells whether a line begins here; if none does, it is the chunk's before.
    FSDataInputStream in = file.getFileSystem(hadoop).open(file);
    try {
      in.seek(chunk.start() - 1);
      LineInput lines = new LineInput(in, chunk.start() - 1, chunk.end(), maxBytes);
      lines.skipLine();
      return lines;
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  @Override
  public RawDocument next() throws IOException {
    while (lines.next()) {
      RawDocument document = document(units++);
      if (document != null) {
        return document;
      }
    }
    return null;
  }

  /** Null for a blank line between JSON objects. */
  private RawDocument document(long unit) {
    if (lines.isTooLong()) {
      return RawDocument.rejected(
          unit, null, RejectReason.OVER_LONG, "longer than max-document-chars = " + maxChars);
    }
    int skip = unit == 0 && startsFile ? Utf8.byteOrderMark(lines.buffer(), lines.length()) : 0;
    String line = utf8.decode(lines.buffer(), skip, lines.length() - skip);
    if (line == null) {
      return RawDocument.rejected(
          unit,
          null,
          RejectReason.UNDECODABLE,
          "byte " + (skip + utf8.invalidAt() + 1) + " of the line is not UTF-8");
    }
    if (json == null) {
      return RawDocument.of(unit, null, line);
    }
    return line.isBlank() ? null : json.parse(unit, line);
  }

  @Override
  public long units() {
    return units;
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
