package io.github.ffncensus.table;

import java.util.Locale;

/** Why a document is in {@code rejects}; described in {@code data-schemas/rejects.md}. */
public enum RejectReason {
  EMPTY,
  UNDECODABLE,
  OVER_LONG,
  DUPLICATE_ID,
  MALFORMED,
  UNTOKENIZABLE,
  MISSING_FIELD;

  /** As the table has it, such as {@code over_long}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
