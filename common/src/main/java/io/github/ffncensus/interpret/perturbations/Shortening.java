package io.github.ffncensus.interpret.perturbations;

import io.github.ffncensus.model.TokenSequence;
import java.util.Optional;

/**
 * A winner's sequence with or without one of its tokens, and the place to read a coefficient at.
 *
 * @param removed position of the removed token; -1 if none is
 * @param readAt position in what is left
 */
record Shortening(TokenSequence sequence, int removed, int readAt) {
  private static final int NONE = -1;

  static Shortening none(Winner winner) {
    return new Shortening(winner.sequence(), NONE, winner.position());
  }

  /**
   * Where to read after a removal: at the winner's own token, which moves up by one, or, if that
   * was removed, at the end of what is left of the prefix (causal) or at the token that takes its
   * place (bidirectional).
   *
   * @return empty if there is no such token, or if it is a special one
   */
  static Optional<Shortening> of(Winner winner, int removed, boolean causal) {
    int position = winner.position();
    Shortening shortening;
    if (removed == position && causal) {
      // A causal model has the coefficient in its run of the whole text already.
      shortening = new Shortening(winner.sequence(), NONE, position - 1);
    } else {
      int readAt = removed < position ? position - 1 : position;
      shortening = new Shortening(winner.sequence(), removed, readAt);
    }
    return shortening.readsText() ? Optional.of(shortening) : Optional.empty();
  }

  private boolean readsText() {
    boolean[] special = sequence.special();
    int original = removed != NONE && readAt >= removed ? readAt + 1 : readAt;
    return original >= 0 && original < special.length && !special[original];
  }

  /** What is left, token by token. */
  int[] tokens() {
    int[] tokens = sequence.tokens();
    if (removed == NONE) {
      return tokens;
    }
    int[] left = new int[tokens.length - 1];
    System.arraycopy(tokens, 0, left, 0, removed);
    System.arraycopy(tokens, removed + 1, left, removed, left.length - removed);
    return left;
  }
}
