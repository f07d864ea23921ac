package io.github.ffncensus.interpret.examples;

/**
 * A part of a neuron's range, between two quantiles of {@code neuron_stats}; the lower bound is not
 * part of it, the upper one is. Where quantiles are equal, as those of a neuron that is seldom
 * active, the band between them is empty.
 */
public enum QuantileBand {
  TO_P50("to_p50"),
  P50_TO_P90("p50_to_p90"),
  P90_TO_P99("p90_to_p99"),
  P99_TO_P999("p99_to_p999"),
  ABOVE_P999("above_p999");

  private final String label;

  QuantileBand(String label) {
    this.label = label;
  }

  /** As in tables. */
  public String label() {
    return label;
  }

  /** Quantiles between the bands. */
  public static int bounds() {
    return values().length - 1;
  }
}
