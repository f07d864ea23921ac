package io.github.ffncensus.text;

import io.github.ffncensus.table.RejectReason;
import java.util.List;

/**
 * A document as sequences, or the reason why it gives none: a document is used whole or not at all.
 *
 * @param sequences in order; empty exactly if the document is rejected
 * @param reason null unless rejected
 * @param detail null unless rejected
 */
public record CutDocument(List<Sequence> sequences, RejectReason reason, String detail) {

  /** A stretch of the document's text, and its tokens. */
  public record Sequence(String text, TokenizedText tokens) {}

  static CutDocument of(List<Sequence> sequences) {
    return new CutDocument(sequences, null, null);
  }

  public static CutDocument rejected(RejectReason reason, String detail) {
    return new CutDocument(List.of(), reason, detail);
  }

  public boolean isRejected() {
    return reason != null;
  }
}
