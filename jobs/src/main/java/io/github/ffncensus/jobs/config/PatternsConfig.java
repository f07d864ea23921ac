package io.github.ffncensus.jobs.config;

import io.github.ffncensus.interpret.patterns.PatternSettings;
import java.io.Serializable;
import java.util.List;

/**
 * What of a neuron's triggers is compared with what, and what counts as a pattern.
 *
 * @param ranks triggers of each neuron, the strongest
 * @param background prefixes of the corpus that they are compared with
 * @param seed decides which
 */
public record PatternsConfig(
    boolean enabled, int ranks, int background, long seed, PatternSettings settings)
    implements Serializable {

  static PatternsConfig of(ConfigValues values) {
    String section = "interpret.patterns.";
    long seed = values.longInteger(section + "seed");
    String language = values.text(section + "language");
    return new PatternsConfig(
        values.flag(section + "enabled"),
        values.integer(section + "ranks"),
        values.integer(section + "background"),
        seed,
        new PatternSettings(
            language.equals("auto") ? values.text("corpus.sentence-locale") : language,
            values.get(section + "stop-words") instanceof List<?>
                ? values.texts(section + "stop-words")
                : null,
            values.integer(section + "window-words"),
            values.integer(section + "min-support"),
            values.decimal(section + "max-adjusted-p"),
            seed));
  }
}
