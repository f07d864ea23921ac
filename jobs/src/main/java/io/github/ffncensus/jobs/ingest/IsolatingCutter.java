package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.Failures;
import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.text.CutDocument;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Cuts documents many at a time, and rejects those on which the tokenizer fails: found by halving,
 * so that they cost the others little.
 */
final class IsolatingCutter {
  private final Function<List<String>, List<CutDocument>> cutter;

  /**
   * @param cutter gives one result per document, in order
   */
  IsolatingCutter(Function<List<String>, List<CutDocument>> cutter) {
    this.cutter = cutter;
  }

  /** One result per document, in order. */
  List<CutDocument> cutAll(List<String> documents) {
    try {
      return cutter.apply(documents);
    } catch (CensusException e) {
      throw e;
    } catch (RuntimeException e) {
      if (documents.size() == 1) {
        return List.of(CutDocument.rejected(RejectReason.UNTOKENIZABLE, Failures.summary(e)));
      }
      int half = documents.size() / 2;
      List<CutDocument> all = new ArrayList<>(cutAll(documents.subList(0, half)));
      all.addAll(cutAll(documents.subList(half, documents.size())));
      return all;
    }
  }
}
