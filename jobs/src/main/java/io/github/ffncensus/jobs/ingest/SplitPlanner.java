package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.CensusConfig.Format;
import java.util.ArrayList;
import java.util.List;

/**
 * Divides the corpus for reading. Large files are cut where their format allows it, small ones
 * share a split. The splits follow from files and configuration alone, not from the cluster.
 */
final class SplitPlanner {
  private final long splitBytes;
  private final CensusConfig.Corpus corpus;
  private final List<Split> splits = new ArrayList<>();
  private List<Chunk> open = new ArrayList<>();
  private long openBytes;

  private SplitPlanner(CensusConfig config) {
    this.splitBytes = config.ingest().splitBytes();
    this.corpus = config.corpus();
  }

  /**
   * @param files sorted by path
   */
  static List<Split> plan(List<CorpusInput> files, CensusConfig config) {
    SplitPlanner planner = new SplitPlanner(config);
    for (CorpusInput file : files) {
      planner.add(file);
    }
    planner.closeSplit();
    return planner.splits;
  }

  private void add(CorpusInput file) {
    long pieces = isDivisible(file) ? Math.max(1, ceilDiv(file.bytes(), splitBytes)) : 1;
    for (long piece = 0; piece < pieces; piece++) {
      long start = part(file.bytes(), piece, pieces);
      long end = part(file.bytes(), piece + 1, pieces);
      if (openBytes + (end - start) > splitBytes) {
        closeSplit();
      }
      open.add(new Chunk(file.path(), file.name(), start, end));
      openBytes += end - start;
    }
  }

  private boolean isDivisible(CorpusInput file) {
    return switch (corpus.format()) {
      case PARQUET -> true;
      case JSONL -> !CorpusStreams.isCompressed(file.path());
      case TEXT -> !corpus.fileIsDocument() && !CorpusStreams.isCompressed(file.path());
    };
  }

  private void closeSplit() {
    if (!open.isEmpty()) {
      splits.add(new Split(splits.size(), List.copyOf(open)));
    }
    open = new ArrayList<>();
    openBytes = 0;
  }

  private static long ceilDiv(long dividend, long divisor) {
    return dividend / divisor + (dividend % divisor == 0 ? 0 : 1);
  }

  private static long part(long bytes, long piece, long pieces) {
    return bytes / pieces * piece + Math.min(piece, bytes % pieces);
  }

  /** Whether a document of the format stands in a line or row, or is a whole file. */
  static boolean hasUnits(CensusConfig.Corpus corpus) {
    return corpus.format() != Format.TEXT || !corpus.fileIsDocument();
  }
}
