package io.github.ffncensus.jobs.config;

import io.github.ffncensus.knowledge.opendomain.RandomPool;
import io.github.ffncensus.knowledge.opendomain.ReadingRules.MaskRead;
import io.github.ffncensus.knowledge.opendomain.ReadingRules.WordKind;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Scope;
import io.github.ffncensus.text.entity.MatchRules;
import io.github.ffncensus.text.entity.MatchRules.Boundary;
import io.github.ffncensus.text.entity.MatchRules.LetterCase;
import io.github.ffncensus.text.entity.MatchRules.Overlaps;
import java.io.Serializable;
import java.util.List;

/**
 * How text that mentions facts is found and read.
 *
 * @param names when a stretch of text is a name
 * @param masks which of several masks in the place of a name are read
 * @param words what is read where there is no tail
 * @param seed of all random choices
 */
public record KnStatsConfig(
    MatchRules names,
    MaskRead masks,
    WordChoice words,
    RandomTexts random,
    Triggers triggers,
    long seed)
    implements Serializable {

  /**
   * @param limit only the first so many words of a text; 0 for all
   */
  public record WordChoice(WordKind kind, int limit) implements Serializable {}

  /**
   * @param minimum of a fact, which gets as many as it has texts with head and tail
   * @param pool sequences that all facts draw from
   */
  public record RandomTexts(int minimum, int pool, RandomPool.Source source)
      implements Serializable {}

  /**
   * @param perFact texts of each list
   */
  public record Triggers(int perFact, List<Scope> scopes) implements Serializable {}

  static KnStatsConfig of(ConfigValues values) {
    String section = "kn-stats.";
    return new KnStatsConfig(
        new MatchRules(
            values.constant(LetterCase.class, section + "names.case"),
            values.constant(Boundary.class, section + "names.boundary"),
            values.constant(Overlaps.class, section + "names.overlaps")),
        values.constant(MaskRead.class, section + "masks"),
        new WordChoice(
            values.constant(WordKind.class, section + "words.kind"),
            values.integer(section + "words.limit")),
        new RandomTexts(
            values.integer(section + "random.minimum"),
            values.integer(section + "random.pool"),
            values.constant(RandomPool.Source.class, section + "random.source")),
        new Triggers(
            values.integer(section + "triggers.per-fact"),
            values.texts(section + "triggers.scopes").stream()
                .map(word -> Words.constant(Scope.class, word))
                .toList()),
        values.longInteger(section + "seed"));
  }
}
