package io.github.ffncensus.knowledge.opendomain;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.knowledge.opendomain.WordCutter.Word;
import io.github.ffncensus.table.SequenceRow;
import io.github.ffncensus.text.entity.EntityMatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The places of one sequence in which neurons can be read. */
final class SequencePlaces {
  private static final int WORD_SALT = 4;

  private final SequenceRow sequence;
  private final ReadingRules rules;
  private final WordCutter words;

  /** Those that can be read, in the order in which they are drawn; made when first needed. */
  private List<Place> drawn;

  private record Place(Word word, TokenRange tokens, long order) {}

  SequencePlaces(SequenceRow sequence, ReadingRules rules, WordCutter words) {
    this.sequence = sequence;
    this.rules = rules;
    this.words = words;
  }

  /** The first of a fact's tails that can be read. */
  Optional<TokenRange> tail(FactMention mention) {
    for (EntityMatch tail : mention.tails()) {
      Optional<TokenRange> tokens = readable(tail.start(), tail.end());
      if (tokens.isPresent()) {
        return tokens;
      }
    }
    return Optional.empty();
  }

  /**
   * A random word that touches none of some heads. The seed gives the words of a sequence an order,
   * and the first that can be taken is taken: each has the same chance, and facts that share the
   * sequence mostly share the word.
   */
  Optional<TokenRange> word(List<EntityMatch> heads) {
    if (drawn == null) {
      drawn = draw();
    }
    return drawn.stream()
        .filter(
            place ->
                heads.stream()
                    .noneMatch(
                        head ->
                            place.word().start() < head.end() && head.start() < place.word().end()))
        .map(Place::tokens)
        .findFirst();
  }

  private List<Place> draw() {
    List<Place> places = new ArrayList<>();
    List<Word> all = words.cut(sequence.text());
    for (int i = 0; i < all.size(); i++) {
      Word word = all.get(i);
      long order = SeededHash.of(rules.seed(), WORD_SALT, sequence.sequenceId(), i);
      readable(word.start(), word.end())
          .ifPresent(tokens -> places.add(new Place(word, tokens, order)));
    }
    places.sort(Comparator.comparingLong(Place::order));
    return places;
  }

  /**
   * A causal model is read one token earlier, which must be there and be text: the state at a start
   * symbol knows nothing of the text.
   */
  private Optional<TokenRange> readable(int start, int end) {
    return TokenRange.of(sequence, start, end)
        .filter(
            tokens ->
                rules.isMasked()
                    || (tokens.from() > 0 && sequence.tokenStarts()[tokens.from() - 1] >= 0));
  }
}
