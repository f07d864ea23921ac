package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.task.Tokenizers;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.text.CutDocument;
import io.github.ffncensus.text.SequenceCutter;
import io.github.ffncensus.text.TokenizedText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.function.Function;

/** Task: reads the documents of a split, cuts and tokenizes them, and stages the result. */
final class TokenizeSplit implements Function<Split, TokenizedSplit> {
  private final IngestContext context;

  TokenizeSplit(IngestContext context) {
    this.context = context;
  }

  @Override
  public TokenizedSplit call(Split split) throws IOException {
    String name = "%05d-%s.parquet".formatted(split.index(), context.staging().attempt());
    try (ParquetTableWriter<StagedRow> writer =
        ParquetTableWriter.create(
            context.staging().hadoop(),
            context.staging().file(IngestContext.TOKENIZED, name),
            StagedRow.SCHEMA,
            context.runId(),
            StagedRow.ENCODER)) {
      Attempt attempt = new Attempt(context, writer);
      long[] units = new long[split.chunks().size()];
      for (int chunk = 0; chunk < units.length; chunk++) {
        units[chunk] = attempt.readChunk(split.chunks().get(chunk), chunk);
      }
      attempt.flush();
      writer.finish();
      return new TokenizedSplit(split.index(), name, units, attempt.documentsWithId, attempt.tally);
    }
  }

  private record Pending(int chunk, RawDocument source) {}

  /** One attempt at a split. Documents are tokenized in batches, across small files too. */
  private static final class Attempt {
    private static final int BATCH_DOCUMENTS = 256;
    private static final int BATCH_CHARACTERS = 1 << 19;

    private final IngestContext context;
    private final CensusConfig.Corpus corpus;
    private final IsolatingCutter cutter;
    private final ParquetTableWriter<StagedRow> writer;
    private final List<Pending> batch = new ArrayList<>();
    private final Tally tally = new Tally();
    private int batchCharacters;
    private long documents;
    private long documentsWithId;

    Attempt(IngestContext context, ParquetTableWriter<StagedRow> writer) {
      this.context = context;
      this.corpus = context.config().corpus();
      this.writer = writer;
      this.cutter =
          new IsolatingCutter(
              new SequenceCutter(
                      Tokenizers.of(context.modelPath()),
                      SequenceCutter.Unit.valueOf(corpus.sequence().name()),
                      SequenceCutter.OverLong.valueOf(corpus.overLong().name()),
                      corpus.sentenceLocale(),
                      context.maxTokens())
                  ::cutAll);
    }

    long readChunk(Chunk chunk, int index) throws IOException {
      try (DocumentReader reader = open(chunk)) {
        for (RawDocument next = next(reader, chunk); next != null; next = next(reader, chunk)) {
          add(new Pending(index, checkLength(next)));
        }
        return reader.units();
      }
    }

    private DocumentReader open(Chunk chunk) {
      try {
        return DocumentReader.open(context.staging().hadoop(), chunk, corpus);
      } catch (IOException | RuntimeException e) {
        throw unreadable(chunk, e);
      }
    }

    private static RawDocument next(DocumentReader reader, Chunk chunk) {
      try {
        return reader.next();
      } catch (IOException | RuntimeException e) {
        throw unreadable(chunk, e);
      }
    }

    private static CensusException unreadable(Chunk chunk, Exception e) {
      String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      return CensusException.input(
          chunk.path()
              + " cannot be read: "
              + message
              + ". If it is damaged or cut short, replace it or take it out of corpus.input; if it"
              + " is of another kind, set corpus.format.",
          e);
    }

    private RawDocument checkLength(RawDocument document) {
      String text = document.text();
      int max = corpus.maxDocumentChars();
      if (text == null || text.length() <= max || text.codePointCount(0, text.length()) <= max) {
        return document;
      }
      return RawDocument.rejected(
          document.unit(),
          document.id(),
          RejectReason.OVER_LONG,
          "longer than max-document-chars = " + max);
    }

    private void add(Pending document) throws IOException {
      batch.add(document);
      String text = document.source().text();
      batchCharacters += text == null ? 0 : text.length();
      if (batch.size() >= BATCH_DOCUMENTS || batchCharacters >= BATCH_CHARACTERS) {
        flush();
      }
    }

    void flush() throws IOException {
      List<String> texts = new ArrayList<>(batch.size());
      for (Pending document : batch) {
        if (document.source().text() != null) {
          texts.add(document.source().text());
        }
      }
      List<CutDocument> cut = cutter.cutAll(texts);
      int next = 0;
      for (Pending document : batch) {
        RawDocument source = document.source();
        documentsWithId += source.id() == null ? 0 : 1;
        if (source.text() == null) {
          reject(document, source.reason(), source.detail());
        } else {
          write(document, cut.get(next++));
        }
        documents++;
      }
      batch.clear();
      batchCharacters = 0;
    }

    private void write(Pending document, CutDocument cut) throws IOException {
      if (cut.isRejected()) {
        reject(document, cut.reason(), cut.detail());
        return;
      }
      int ordinal = 0;
      long tokens = 0;
      for (CutDocument.Sequence sequence : cut.sequences()) {
        checkIds(sequence.tokens());
        tokens += sequence.tokens().ids().length;
        writer.write(
            StagedRow.sequence(
                documents,
                document.chunk(),
                document.source(),
                ordinal++,
                sequence.text(),
                sequence.tokens()));
      }
      tally.addUsed(1, ordinal, tokens);
    }

    private void reject(Pending document, RejectReason reason, String detail) throws IOException {
      writer.write(
          StagedRow.rejected(documents, document.chunk(), document.source(), reason, detail));
      tally.addRejected(reason, 1);
    }

    private void checkIds(TokenizedText tokens) {
      for (int id : tokens.ids()) {
        if (id < 0 || id >= context.vocabularySize()) {
          throw CensusException.input(
              context.modelPath()
                  + ": the tokenizer gives token "
                  + id
                  + ", the model has only "
                  + context.vocabularySize()
                  + "; put the model's own tokenizer.json there");
        }
      }
    }
  }
}
