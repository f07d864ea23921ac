package io.github.ffncensus.analysis.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.model.TokenSequence;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which positions are looked at (property 42). */
class PositionSampleTest {

  /** Special tokens at both ends and one in the middle. */
  private static TokenSequence sequence(long id, int textTokens) {
    boolean[] special = new boolean[textTokens + 3];
    special[0] = true;
    special[1 + textTokens / 2] = true;
    special[textTokens + 2] = true;
    return new TokenSequence(id, new int[special.length], special);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 40})
  void perSequence_choosesSoManyTextTokensOfEverySequence(int count) {
    PositionSample sample = new PositionSample.PerSequence(count, 1);
    for (int text = 0; text < 60; text++) {
      TokenSequence sequence = sequence(100 + text, text);
      int[] chosen = sample.of(sequence);
      assertThat(chosen).hasSize(Math.min(count, text)).isSorted().doesNotHaveDuplicates();
      for (int position : chosen) {
        assertThat(sequence.special()[position]).isFalse();
      }
    }
  }

  @Test
  void perSequence_withMorePositions_keepsThoseOfFewer() {
    for (int id = 0; id < 200; id++) {
      TokenSequence sequence = sequence(id, 30);
      int[] more = new PositionSample.PerSequence(8, 3).of(sequence);
      assertThat(more).contains(new PositionSample.PerSequence(7, 3).of(sequence));
    }
  }

  @Test
  void perSequence_isUniform() {
    int positions = 20;
    int sequences = 40_000;
    int[] counts = new int[positions];
    PositionSample sample = new PositionSample.PerSequence(1, 1);
    for (int id = 0; id < sequences; id++) {
      counts[sample.of(TokenSequence.of(id, new int[positions]))[0]]++;
    }
    double expected = sequences / (double) positions;
    double chiSquare =
        Arrays.stream(counts).mapToDouble(c -> (c - expected) * (c - expected) / expected).sum();
    // 99.9 % quantile with 19 degrees of freedom.
    assertThat(chiSquare).isLessThan(43.8);
  }

  @Test
  void rate_choosesItsShareOfTextTokens() {
    double rate = 0.3;
    long chosen = 0;
    for (int id = 0; id < 2000; id++) {
      chosen += new PositionSample.Rate(rate, 1).of(sequence(id, 50)).length;
    }
    double standardDeviation = Math.sqrt(rate * (1 - rate) * 100_000);
    assertThat((double) chosen).isCloseTo(30_000, within(4 * standardDeviation));
  }

  @Test
  void rateOne_choosesEveryTextToken_andRateZeroNone() {
    TokenSequence sequence = sequence(7, 12);
    assertThat(new PositionSample.Rate(1, 9).of(sequence)).hasSize(12).doesNotContain(0, 7, 14);
    assertThat(new PositionSample.Rate(0, 9).of(sequence)).isEmpty();
  }

  @Test
  void otherSeedsAndOtherSequences_chooseOtherPositions() {
    Random random = new Random(1);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
      TokenSequence sequence = TokenSequence.of(random.nextLong(1L << 40), new int[100]);
      TokenSequence next = TokenSequence.of(sequence.id() + 1, new int[100]);
      int chosen = new PositionSample.PerSequence(1, 1).of(sequence)[0];
      same += chosen == new PositionSample.PerSequence(1, 2).of(sequence)[0] ? 1 : 0;
      same += chosen == new PositionSample.PerSequence(1, 1).of(next)[0] ? 1 : 0;
    }
    // 2000 draws at 1 in 100.
    assertThat(same).isBetween(2, 45);
  }
}
