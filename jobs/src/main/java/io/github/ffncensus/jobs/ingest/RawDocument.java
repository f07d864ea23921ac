package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.table.RejectReason;

/**
 * A document as it was read, or why it could not be.
 *
 * @param unit line or row of its chunk, from 0
 * @param id its own, null if it has none
 * @param text null if rejected
 * @param reason null unless rejected
 * @param detail null unless rejected
 */
record RawDocument(long unit, String id, String text, RejectReason reason, String detail) {
  static RawDocument of(long unit, String id, String text) {
    return new RawDocument(unit, id, text, null, null);
  }

  static RawDocument rejected(long unit, String id, RejectReason reason, String detail) {
    return new RawDocument(unit, id, null, reason, detail);
  }
}
