package io.github.ffncensus.jobs.config;

import java.io.Serializable;

/**
 * Where examples from all over each neuron's range are looked for.
 *
 * @param sequences sampled
 * @param positionsPerSequence sampled in each of them
 * @param perBand examples of each neuron and band
 * @param seed decides which sequences, positions and examples
 */
public record ExamplesConfig(
    boolean enabled, int sequences, int positionsPerSequence, int perBand, long seed)
    implements Serializable {

  static ExamplesConfig of(ConfigValues values) {
    String section = "interpret.examples.";
    return new ExamplesConfig(
        values.flag(section + "enabled"),
        values.integer(section + "sequences"),
        values.integer(section + "positions-per-sequence"),
        values.integer(section + "per-band"),
        values.longInteger(section + "seed"));
  }
}
