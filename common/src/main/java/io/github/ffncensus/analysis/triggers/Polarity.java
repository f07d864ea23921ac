package io.github.ffncensus.analysis.triggers;

import java.util.Locale;

/** Which end of a neuron's coefficients counts as a trigger. */
public enum Polarity {
  /** The largest coefficients, above zero: the papers' triggers. */
  POSITIVE,
  /** The most negative coefficients, below zero. */
  NEGATIVE;

  /** Orders like the coefficient for positive triggers, against it for negative ones. */
  float strength(float coefficient) {
    return this == POSITIVE ? coefficient : -coefficient;
  }

  /** The name in tables and configurations. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
