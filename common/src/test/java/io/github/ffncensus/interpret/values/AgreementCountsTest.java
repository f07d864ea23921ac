package io.github.ffncensus.interpret.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AgreementCountsTest {

  /** Property 31: the mean over random pairings of the same predictions and targets. */
  @Test
  void shuffledRate_isTheMeanOverRandomPairings() {
    Random random = new Random(3);
    List<Integer> predicted = new ArrayList<>();
    List<Integer> targets = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      // Both sides favour low tokens, each in its own way.
      predicted.add((int) Math.abs(3 * random.nextGaussian()));
      targets.add((int) Math.abs(5 * random.nextGaussian()));
    }
    double expected = counts(predicted, targets).shuffledRate();
    int rounds = 2000;
    double sum = 0;
    double squares = 0;
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(targets, random);
      AgreementCounts counts = counts(predicted, targets);
      assertThat(counts.shuffledRate()).isEqualTo(expected);
      sum += counts.rate();
      squares += counts.rate() * counts.rate();
    }
    double mean = sum / rounds;
    double error = Math.sqrt((squares / rounds - mean * mean) / rounds);
    assertThat(mean).isCloseTo(expected, within(3 * error));
    assertThat(expected).isGreaterThan(0.05);
  }

  @Test
  void rate_isTheShareOfEqualPairs() {
    AgreementCounts counts = counts(List.of(5, 5, 7, 9), List.of(5, 7, 7, 5));
    assertThat(counts.neurons()).isEqualTo(4);
    assertThat(counts.rate()).isEqualTo(0.5);
    // Token 5: twice predicted, twice the target; token 7: once and twice.
    assertThat(counts.shuffledRate()).isEqualTo((2 * 2 + 1 * 2) / 16.0);
    assertThat(AgreementCounts.uniformRate(50)).isEqualTo(0.02);
  }

  @Test
  void parts_addUpToTheWhole() {
    AgreementCounts whole = counts(List.of(1, 2, 2, 3), List.of(2, 2, 1, 3));
    AgreementCounts sum = counts(List.of(1, 2), List.of(2, 2));
    sum.add(new AgreementCounts());
    sum.add(counts(List.of(2, 3), List.of(1, 3)));
    assertThat(sum).usingRecursiveComparison().isEqualTo(whole);
  }

  @Test
  void neuronsWithoutTarget_doNotCount() {
    AgreementCounts counts = new AgreementCounts();
    counts.add(
        new ValuePrediction(
            0,
            0,
            new int[] {4},
            new float[] {1},
            1,
            0,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            0,
            0));
    assertThat(counts.neurons()).isZero();
    assertThat(counts.rate()).isNaN();
    assertThat(counts.shuffledRate()).isNaN();
  }

  private static AgreementCounts counts(List<Integer> predicted, List<Integer> targets) {
    AgreementCounts counts = new AgreementCounts();
    for (int i = 0; i < predicted.size(); i++) {
      counts.add(predicted.get(i), targets.get(i));
    }
    return counts;
  }
}
