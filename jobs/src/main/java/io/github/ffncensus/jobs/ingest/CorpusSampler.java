package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.plan.CorpusSize;
import io.github.ffncensus.jobs.task.Tokenizers;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.text.CutDocument;
import io.github.ffncensus.text.SequenceCutter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StorageStatistics;

/**
 * Estimates the size of a corpus from the first documents of some of its files, chosen at equal
 * distances in their order. What they give per byte read stands for the rest.
 */
public final class CorpusSampler {
  private final Configuration hadoop;
  private final CensusConfig.Corpus corpus;
  private final SequenceCutter cutter;
  private long bytes;
  private long documents;
  private long sequences;
  private long tokens;
  private long textBytes;

  private CorpusSampler(Configuration hadoop, CensusConfig.Corpus corpus, ModelFolder model) {
    this.hadoop = hadoop;
    this.corpus = corpus;
    this.cutter =
        new SequenceCutter(
            Tokenizers.of(model.path().toString()),
            SequenceCutter.Unit.valueOf(corpus.sequence().name()),
            SequenceCutter.OverLong.valueOf(corpus.overLong().name()),
            corpus.sentenceLocale(),
            model.maxSequenceTokens());
  }

  /**
   * What was read, and what it says of the whole.
   *
   * @param sample of it the bytes are those read
   * @param isWhole whether every file was read to its end, so that nothing is estimated
   */
  public record Estimate(CorpusSize sample, CorpusSize whole, int files, boolean isWhole) {}

  /**
   * @param maxFiles to look into
   * @param documentsPerFile to read of each
   * @throws CensusException of kind INPUT if a file cannot be read, or if there is no document
   */
  public static Estimate estimate(
      Configuration hadoop,
      CensusConfig.Corpus corpus,
      ModelFolder model,
      int maxFiles,
      int documentsPerFile) {
    List<CorpusInput> files = CorpusInputs.list(hadoop, "corpus.input", corpus.input());
    CorpusSampler sampler = new CorpusSampler(hadoop, corpus, model);
    int looked = Math.min(files.size(), maxFiles);
    boolean isWhole = looked == files.size();
    for (int i = 0; i < looked; i++) {
      CorpusInput file = files.get((int) ((long) i * files.size() / looked));
      try {
        isWhole &= sampler.read(file, documentsPerFile);
      } catch (IOException e) {
        throw CensusException.input(file.path() + " cannot be read: " + e.getMessage(), e);
      }
    }
    if (sampler.documents == 0) {
      throw CensusException.input(
          "corpus.input: the first documents of "
              + looked
              + " files give no sequence; see corpus.format, corpus.text-field and corpus.over-long");
    }
    long all = files.stream().mapToLong(CorpusInput::bytes).sum();
    CorpusSize sample = sampler.size();
    CorpusSize whole = isWhole ? sample : sample.times(all / (double) sampler.bytes, all);
    return new Estimate(sample, whole, looked, isWhole);
  }

  private CorpusSize size() {
    return new CorpusSize(bytes, documents, sequences, tokens, textBytes);
  }

  /** Whether the file ended. */
  private boolean read(CorpusInput file, int most) throws IOException {
    long before = bytesRead(file);
    List<String> texts = new ArrayList<>();
    int seen = 0;
    boolean ended = false;
    try (DocumentReader reader =
        DocumentReader.open(hadoop, new Chunk(file.path(), file.name(), 0, file.bytes()), corpus)) {
      while (seen < most && !ended) {
        RawDocument document = reader.next();
        ended = document == null;
        seen++;
        if (!ended && document.text() != null) {
          texts.add(document.text());
        }
      }
    }
    long read = bytesRead(file) - before;
    bytes += ended ? file.bytes() : Math.max(1, Math.min(read, file.bytes()));
    for (CutDocument cut : cutter.cutAll(texts)) {
      count(cut);
    }
    return ended;
  }

  /** What this process has read of the file's file system so far, compressed as it is. */
  private long bytesRead(CorpusInput file) throws IOException {
    String scheme = new Path(file.path()).getFileSystem(hadoop).getScheme();
    StorageStatistics statistics = FileSystem.getGlobalStorageStatistics().get(scheme);
    Long bytes = statistics == null ? null : statistics.getLong("bytesRead");
    return bytes == null ? 0 : bytes;
  }

  private void count(CutDocument cut) {
    documents += cut.isRejected() ? 0 : 1;
    for (CutDocument.Sequence sequence : cut.sequences()) {
      sequences++;
      tokens += sequence.tokens().ids().length;
      textBytes += sequence.text().getBytes(StandardCharsets.UTF_8).length;
    }
  }
}
