package io.github.ffncensus.interpret.perturbations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.model.TokenSequence;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RemovalTest {
  /** Special tokens in front, in the middle and at the end. */
  private static final TokenSequence SEQUENCE =
      new TokenSequence(
          7,
          new int[] {1, 10, 11, 2, 12, 13, 14, 3},
          new boolean[] {true, false, false, true, false, false, false, true});

  @Test
  void firstAndLast_areTextTokensOfThePrefix() {
    Winner winner = winner(0, 1, 6);
    assertThat(Removal.FIRST.position(winner, 1)).hasValue(1);
    assertThat(Removal.LAST.position(winner, 1)).hasValue(6);
    assertThat(Removal.LAST.position(winner(0, 1, 4), 1)).hasValue(4);
  }

  /** Property 26. */
  @Test
  void random_isUniformOverInnerTextTokens() {
    Map<Integer, Integer> removed = new HashMap<>();
    for (int neuron = 0; neuron < 3000; neuron++) {
      removed.merge(
          Removal.RANDOM.position(winner(neuron, 1, 6), 1).orElseThrow(), 1, Integer::sum);
    }
    assertThat(removed).containsOnlyKeys(2, 4, 5);
    // Three standard deviations of a binomial count are 77.
    assertThat(removed.values()).allSatisfy(count -> assertThat(count).isBetween(920, 1080));
  }

  /** Property 26. */
  @Test
  void random_isAFunctionOfSeedLayerNeuronAndRank() {
    int othersBySeed = 0;
    int othersByRank = 0;
    for (int neuron = 0; neuron < 200; neuron++) {
      OptionalInt drawn = Removal.RANDOM.position(winner(neuron, 1, 6), 1);
      assertThat(Removal.RANDOM.position(winner(neuron, 1, 6), 1)).isEqualTo(drawn);
      othersBySeed += Removal.RANDOM.position(winner(neuron, 1, 6), 2).equals(drawn) ? 0 : 1;
      othersByRank += Removal.RANDOM.position(winner(neuron, 2, 6), 1).equals(drawn) ? 0 : 1;
    }
    assertThat(othersBySeed).isBetween(100, 170);
    assertThat(othersByRank).isBetween(100, 170);
  }

  @Test
  void random_isUndefinedWithoutAnInnerTextToken() {
    assertThat(Removal.RANDOM.position(winner(0, 1, 1), 1)).isEmpty();
    assertThat(Removal.RANDOM.position(winner(0, 1, 2), 1)).isEmpty();
    assertThat(Removal.RANDOM.position(winner(0, 1, 4), 1)).hasValue(2);
    TokenSequence apart =
        new TokenSequence(8, new int[] {10, 2, 11}, new boolean[] {false, true, false});
    assertThat(Removal.RANDOM.position(new Winner(0, 0, 1, 1, apart, 2), 1)).isEmpty();
  }

  @Test
  void winner_isAPositiveTriggerAtATextToken() {
    assertThatThrownBy(() -> new Winner(0, 0, 1, 0, SEQUENCE, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> winner(0, 1, 3)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Winner winner(int neuron, int rank, int position) {
    return new Winner(2, neuron, rank, 1.5f, SEQUENCE, position);
  }
}
