package io.github.ffncensus.knowledge.attribution;

/** F: what is attributed to the neurons. With tokens y_1..y_n, each given those before it. */
public enum AttributionTarget {
  /** P = (prod_j p(y_j))^(1/n), the paper's with n = 1. */
  PROBABILITY,
  /** log P: mean over j of log p(y_j). */
  LOG_PROBABILITY,
  /** Mean over j of log p(y_j) - log p(z_j), with foils z_j at the same positions. */
  CONTRAST
}
