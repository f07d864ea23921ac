package io.github.ffncensus.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchPlanTest {
  private static final int DEFAULT_BUDGET = 4096;

  @Test
  void realSentences_needLessThanFivePercentPadding() throws IOException {
    BatchPlan plan = BatchPlan.of(realLengths(4000), DEFAULT_BUDGET);
    assertThat(plan.tokens()).isGreaterThan(50_000);
    assertThat(1 - plan.tokens() / (double) plan.paddedTokens()).isBetween(0.0, 0.05);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, 4096, 1 << 24})
  void everySequence_isInExactlyOneBatch_withinTheBudget(int budget) throws IOException {
    List<TokenSequence> sequences = realLengths(500);
    BatchPlan plan = BatchPlan.of(sequences, budget);
    assertThat(plan.batches().stream().flatMap(batch -> batch.sequences().stream()))
        .containsExactlyInAnyOrderElementsOf(sequences);
    for (TokenBatch batch : plan.batches()) {
      assertThat(batch.size() == 1 || batch.size() * batch.length() <= budget).isTrue();
    }
    assertThat(plan.batches())
        .isSortedAccordingTo((a, b) -> Integer.compare(b.length(), a.length()));
    assertThat(plan.tokens()).isEqualTo(sequences.stream().mapToInt(TokenSequence::length).sum());
    assertThat(plan.textTokens())
        .isEqualTo(sequences.stream().mapToInt(TokenSequence::textTokens).sum())
        .isLessThan(plan.tokens());
  }

  @Test
  void anyOrder_givesTheSamePlan() throws IOException {
    List<TokenSequence> sequences = realLengths(800);
    BatchPlan expected = BatchPlan.of(sequences, 512);
    for (int seed = 0; seed < 5; seed++) {
      Collections.shuffle(sequences, new Random(seed));
      assertThat(BatchPlan.of(sequences, 512)).isEqualTo(expected);
    }
  }

  @Test
  void noSequences_areNoBatches() {
    assertThat(BatchPlan.of(List.of(), DEFAULT_BUDGET).batches()).isEmpty();
    assertThat(BatchPlan.of(List.of(), DEFAULT_BUDGET).paddedTokens()).isZero();
  }

  /** Sequences with the token counts of real sentences; the first token is a special one. */
  private static List<TokenSequence> realLengths(int count) throws IOException {
    TreeMap<Integer, Integer> lengthByWeight = new TreeMap<>();
    int total = 0;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                BatchPlan.class.getResourceAsStream("/bench/sentence-lengths.txt"),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          String[] fields = line.split(" ");
          total += Integer.parseInt(fields[1]);
          lengthByWeight.put(total, Integer.parseInt(fields[0]));
        }
      }
    }
    Random random = new Random(1);
    List<TokenSequence> sequences = new ArrayList<>();
    for (int id = 0; id < count; id++) {
      int length = lengthByWeight.higherEntry(random.nextInt(total)).getValue();
      boolean[] special = new boolean[length];
      special[0] = true;
      sequences.add(new TokenSequence(id, new int[length], special));
    }
    return sequences;
  }
}
