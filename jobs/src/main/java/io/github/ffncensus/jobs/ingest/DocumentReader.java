package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.config.CensusConfig;
import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;

/** The documents of a chunk, in order. */
interface DocumentReader extends Closeable {

  /** The next document, null at the end. */
  RawDocument next() throws IOException;

  /** Lines or rows read so far, those without a document included. */
  long units();

  static DocumentReader open(Configuration hadoop, Chunk chunk, CensusConfig.Corpus corpus)
      throws IOException {
    return switch (corpus.format()) {
      case PARQUET -> new ParquetDocuments(hadoop, chunk, corpus);
      case JSONL -> new LineDocuments(hadoop, chunk, corpus);
      case TEXT ->
          corpus.fileIsDocument()
              ? new FileDocument(hadoop, chunk, corpus)
              : new LineDocuments(hadoop, chunk, corpus);
    };
  }
}
