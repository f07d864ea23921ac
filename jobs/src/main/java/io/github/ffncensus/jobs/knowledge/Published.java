package io.github.ffncensus.jobs.knowledge;

import io.github.ffncensus.jobs.task.Finding;

/**
 * A number of Dai et al. 2022, who report BERT-base-cased.
 *
 * @param verified whether it was found in print or counted on the published data; others stand as
 *     they are remembered, and say so
 */
record Published(double number, boolean verified) {

  static Published verified(double number) {
    return new Published(number, true);
  }

  static Published remembered(double number) {
    return new Published(number, false);
  }

  /**
   * The row of the number.
   *
   * @param value null where this run has none
   */
  Finding finding(String name, Double value, String detail) {
    String doubt = verified ? "" : "; the paper's number as remembered, not verified";
    return Finding.of(name, value, number, detail + doubt);
  }
}
