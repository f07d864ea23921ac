package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.knowledge.opendomain.FactMentions.Found;
import io.github.ffncensus.knowledge.opendomain.RandomPool.Source;
import io.github.ffncensus.knowledge.opendomain.RandomSentences.PoolText;
import io.github.ffncensus.table.SequenceRow;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Says which facts are read in a text, and where. Not thread-safe. */
public final class ReadingPlanner {
  private final FactMentions mentions;
  private final BitSet facts;
  private final ReadingRules rules;
  private final RandomPool pool;
  private final WordCutter words;

  /**
   * @param facts those that are read at all, because they have neurons
   */
  public ReadingPlanner(FactMentions mentions, BitSet facts, ReadingRules rules, RandomPool pool) {
    this.mentions = mentions;
    this.facts = facts;
    this.rules = rules;
    this.pool = pool;
    this.words = new WordCutter(rules.words(), rules.wordLimit());
  }

  /**
   * What a text is good for.
   *
   * @param readings of facts that it mentions, by fact
   * @param random where it is read as a random text; empty if it is not in the pool
   */
  public record Plan(
      SequenceRow sequence, Found found, List<Reading> readings, Optional<TokenRange> random) {

    /** The text as one to draw from. */
    public Optional<PoolText> poolText() {
      return random.map(
          place ->
              new PoolText(
                  sequence.sequenceId(),
                  found.names().stream().mapToInt(Integer::intValue).sorted().toArray()));
    }
  }

  /** Plans all but the random readings, which depend on the other texts of the pool. */
  public Plan plan(SequenceRow sequence) {
    Found found = mentions.in(sequence.text());
    SequencePlaces places = new SequencePlaces(sequence, rules, words);
    List<Reading> readings = new ArrayList<>();
    for (FactMention mention : found.mentions()) {
      if (facts.get(mention.fact())) {
        boolean both = !mention.tails().isEmpty();
        Optional<TokenRange> place = both ? places.tail(mention) : places.word(mention.heads());
        TextClass textClass = both ? TextClass.HEAD_AND_TAIL : TextClass.HEAD_ONLY;
        place.ifPresent(tokens -> readings.add(new Reading(mention.fact(), textClass, tokens)));
      }
    }
    boolean inPool =
        pool.contains(sequence.sequenceId())
            && (pool.source() == Source.NEITHER || !found.mentions().isEmpty());
    return new Plan(sequence, found, readings, inPool ? places.word(List.of()) : Optional.empty());
  }

  /** All readings of a text: those planned, then the random ones, by fact. */
  public List<Reading> readings(Plan plan, RandomSentences drawn) {
    List<Reading> readings = new ArrayList<>(plan.readings());
    plan.random()
        .ifPresent(
            place ->
                facts.stream()
                    .filter(
                        fact ->
                            drawn.isDrawn(
                                fact, plan.sequence().sequenceId(), mentions, plan.found()))
                    .forEach(fact -> readings.add(new Reading(fact, TextClass.RANDOM, place))));
    return readings;
  }
}
