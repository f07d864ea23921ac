package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.table.RejectReason;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A whole file as one document. */
final class FileDocument implements DocumentReader {
  private static final int MAX_BYTES_PER_CHAR = 3;

  private final InputStream in;
  private final int maxChars;
  private boolean done;

  FileDocument(Configuration hadoop, Chunk chunk, CensusConfig.Corpus corpus) throws IOException {
    this.in = CorpusStreams.open(hadoop, new Path(chunk.path()));
    this.maxChars = corpus.maxDocumentChars();
  }

  @Override
  public RawDocument next() throws IOException {
    if (done) {
      return null;
    }
    done = true;
    int limit = (int) Math.min(Integer.MAX_VALUE - 64, (long) maxChars * MAX_BYTES_PER_CHAR + 3);
    byte[] bytes = in.readNBytes(limit);
    if (bytes.length == limit && in.read() >= 0) {
      return RawDocument.rejected(
          0, null, RejectReason.OVER_LONG, "longer than max-document-chars = " + maxChars);
    }
    int skip = Utf8.byteOrderMark(bytes, bytes.length);
    Utf8 utf8 = new Utf8();
    String text = utf8.decode(bytes, skip, bytes.length - skip);
    return text == null
        ? RawDocument.rejected(
            0,
            null,
            RejectReason.UNDECODABLE,
            "byte " + (skip + utf8.invalidAt() + 1) + " of the file is not UTF-8")
        : RawDocument.of(0, null, text);
  }

  @Override
  public long units() {
    return done ? 1 : 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
