package io.github.ffncensus.jobs.attribute;

import io.github.ffncensus.jobs.ingest.CorpusStreams;
import io.github.ffncensus.jobs.ingest.LineInput;
import io.github.ffncensus.jobs.ingest.Utf8;
import io.github.ffncensus.knowledge.facts.FactReject;
import io.github.ffncensus.knowledge.facts.FactReject.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The lines of a whole file as text, blank ones left out; those that are no text are rejected. */
final class Lines implements Closeable {
  private static final int MAX_BYTES = 16 << 20;

  private final LineInput lines;
  private final Utf8 utf8 = new Utf8();
  private final Consumer<FactReject> rejects;
  private long number;

  Lines(Configuration hadoop, String path, Consumer<FactReject> rejects) throws IOException {
    this.lines =
        new LineInput(CorpusStreams.open(hadoop, new Path(path)), 0, Long.MAX_VALUE, MAX_BYTES);
    this.rejects = rejects;
  }

  /** The next line; null at the end. */
  String next() throws IOException {
    while (lines.next()) {
      number++;
      if (lines.isTooLong()) {
        reject(Reason.OVER_LONG, "the line is longer than %,d bytes".formatted(MAX_BYTES));
        continue;
      }
      int skip = number == 1 ? Utf8.byteOrderMark(lines.buffer(), lines.length()) : 0;
      String line = utf8.decode(lines.buffer(), skip, lines.length() - skip);
      if (line == null) {
        reject(
            Reason.UNDECODABLE,
            "byte " + (skip + utf8.invalidAt() + 1) + " of the line is not UTF-8");
      } else if (!line.isBlank()) {
        return line;
      }
    }
    return null;
  }

  /** Number of the line that was read last, from 1. */
  long number() {
    return number;
  }

  private void reject(Reason reason, String detail) {
    rejects.accept(new FactReject(number, null, null, null, reason, detail));
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
