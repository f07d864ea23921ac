package io.github.ffncensus.jobs.task;

import io.github.ffncensus.table.RowWriter;

/**
 * A number of this run beside the paper's, as the tables of findings have it.
 *
 * @param layer null for a number of the whole model
 * @param value null where this run holds nothing to compute it from
 * @param paperValue null where the paper gives none that compares
 * @param detail what is counted, and over what
 */
public record Finding(
    String finding, Integer layer, Double value, Double paperValue, String detail) {

  /** Of the whole model. */
  public static Finding of(String finding, Double value, Double paperValue, String detail) {
    return new Finding(finding, null, value, paperValue, detail);
  }

  public static void encode(Finding row, RowWriter out) {
    out.string("finding", row.finding());
    if (row.layer() != null) {
      out.intValue("layer", row.layer());
    }
    if (row.value() != null) {
      out.doubleValue("value", row.value());
    }
    if (row.paperValue() != null) {
      out.doubleValue("paper_value", row.paperValue());
    }
    out.string("detail", row.detail());
  }
}
