package io.github.ffncensus.interpret.perturbations;

import io.github.ffncensus.SeededHash;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * Which token of a trigger's prefix is removed. The prefix is the text up to the trigger's
 * position, in bidirectional models too; special tokens do not count and are never removed.
 */
public enum Removal {
  /** The first text token. */
  FIRST,
  /** The text token at the trigger's position. */
  LAST,
  /** A text token strictly between these two, drawn uniformly. */
  RANDOM;

  private static final int SALT = 1;

  /** The name in tables. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The position of the removed token in the winner's sequence.
   *
   * @param seed of the run; with the winner's layer, neuron and rank it decides what {@link
   *     #RANDOM} removes
   * @return empty for {@link #RANDOM} if no token lies between the first and the last
   */
  OptionalInt position(Winner winner, long seed) {
    int last = winner.position();
    boolean[] special = winner.sequence().special();
    int first = 0;
    while (special[first]) {
      first++;
    }
    return switch (this) {
      case FIRST -> OptionalInt.of(first);
      case LAST -> OptionalInt.of(last);
      case RANDOM -> {
        int inner = 0;
        for (int position = first + 1; position < last; position++) {
          inner += special[position] ? 0 : 1;
        }
        yield inner == 0
            ? OptionalInt.empty()
            : OptionalInt.of(innerToken(special, first, draw(inner, winner, seed)));
      }
    };
  }

  private static int draw(int bound, Winner winner, long seed) {
    return SeededHash.below(bound, seed, SALT, winner.layer(), winner.neuron(), winner.rank());
  }

  /** The text token number {@code index}, from 0, behind the first. */
  private static int innerToken(boolean[] special, int first, int index) {
    int left = index;
    int position = first + 1;
    while (special[position] || left > 0) {
      left -= special[position] ? 0 : 1;
      position++;
    }
    return position;
  }
}
