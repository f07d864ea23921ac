package io.github.ffncensus.jobs.config;

import java.io.Serializable;

/**
 * What the scan makes of sampled positions: the tables {@code layer_composition} and {@code
 * prediction_refinement}.
 *
 * @param zeroAgreement the reading that fills {@code zero_agreement_fraction}
 * @param perSequence positions of each sequence, for the mode of that name
 * @param rate share of all positions, for the mode of that name
 */
public record PositionsConfig(
    boolean compositionEnabled,
    boolean refinementEnabled,
    ZeroAgreement zeroAgreement,
    Mode mode,
    int perSequence,
    double rate,
    long seed,
    StateLens lens)
    implements Serializable {

  /** Which memories count as agreeing with an FFN's output. */
  public enum ZeroAgreement {
    ACTIVE,
    ALL,
    CODE;

    /** As in configuration files and in the table. */
    public String word() {
      return Words.of(this);
    }
  }

  public enum Mode {
    PER_SEQUENCE,
    RATE
  }

  /** How residuals, FFN outputs and layer outputs are read. */
  public enum StateLens {
    HEAD,
    FOLDED,
    RAW;

    /** As in configuration files and in the tables. */
    public String word() {
      return Words.of(this);
    }
  }

  static PositionsConfig of(ConfigValues values) {
    String sample = "scan.sampled-positions.";
    return new PositionsConfig(
        values.flag("scan.layer-composition.enabled"),
        values.flag("scan.prediction-refinement.enabled"),
        values.constant(ZeroAgreement.class, "scan.layer-composition.zero-agreement"),
        values.constant(Mode.class, sample + "mode"),
        values.integer(sample + "per-sequence"),
        values.decimal(sample + "rate"),
        values.longInteger(sample + "seed"),
        values.constant(StateLens.class, sample + "lens"));
  }

  /** Whether either table is wanted. */
  public boolean enabled() {
    return compositionEnabled || refinementEnabled;
  }
}
