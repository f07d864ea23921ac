package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.table.RowWriter;

/** A number before and after an edit; null where there is nothing to measure it on. */
record BeforeAfter(Double before, Double after) {
  static final BeforeAfter NONE = new BeforeAfter(null, null);

  void encode(String column, RowWriter out) {
    if (before != null) {
      out.doubleValue(column + "_before", before);
    }
    if (after != null) {
      out.doubleValue(column + "_after", after);
    }
  }
}
