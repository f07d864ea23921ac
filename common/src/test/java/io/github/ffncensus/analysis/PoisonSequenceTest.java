package io.github.ffncensus.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences for which the forward pass throws are found among those of their batch. */
class PoisonSequenceTest {
  private final List<TokenSequence> corpus = new ArrayList<>();
  private int passes;

  PoisonSequenceTest() {
    for (int id = 0; id < 32; id++) {
      corpus.add(TokenSequence.of(id, 1, 2, 3, 4));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 17, 31})
  void oneSequence_isFoundByHalving(long poison) {
    UnreadableSequences found = unreadable(Set.of(poison), 16);
    assertThat(found.reasons()).containsOnlyKeys(poison);
    assertThat(found.reasons().get(poison)).isEqualTo("poison in " + List.of(poison));
    assertThat(found)
        .hasMessage(
            "sequence %d cannot be read by the model: poison in [%d]".formatted(poison, poison));
    assertThat(passes).as("one of 16 sequences, by halving").isLessThan(15);
  }

  @Test
  void several_areAllFound() {
    assertThat(unreadable(Set.of(2L, 3L, 11L), 16).reasons()).containsOnlyKeys(2L, 3L, 11L);
  }

  @Test
  void noMoreThanEnoughAreLookedFor() {
    assertThat(unreadable(Set.of(2L, 3L, 11L), 0).reasons()).containsOnlyKeys(2L);
    assertThat(unreadable(Set.of(2L, 3L, 11L), 1).reasons()).containsOnlyKeys(2L, 3L);
  }

  @Test
  void whereAllFail_noSequenceIsBlamed() {
    assertThatThrownBy(
            () ->
                scan(
                    (batch, observers) -> {
                      passes++;
                      throw new IllegalStateException("broken");
                    },
                    16))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("broken");
    assertThat(passes).isLessThan(45);
  }

  @Test
  void oneSequenceInManyRows_isBlamed() {
    corpus.clear();
    for (int masked = 0; masked < 4; masked++) {
      corpus.add(TokenSequence.of(7, 1, 2, 3, masked));
    }
    assertThat(unreadable(Set.of(7L), 16).reasons()).containsOnlyKeys(7L);
  }

  @Test
  void failureOfAnObserver_blamesNoSequence() {
    assertThatThrownBy(
            () ->
                scan(
                    (batch, observers) -> {
                      if (observers.size() > 1) {
                        throw new IllegalStateException("disk full");
                      }
                    },
                    16))
        .hasMessage("disk full");
  }

  private UnreadableSequences unreadable(Set<Long> poison, int rejectable) {
    return catchThrowableOfType(
        UnreadableSequences.class,
        () ->
            scan(
                (batch, observers) -> {
                  passes++;
                  List<Long> inBatch =
                      batch.sequences().stream()
                          .map(TokenSequence::id)
                          .filter(poison::contains)
                          .toList();
                  if (!inBatch.isEmpty()) {
                    throw new IllegalArgumentException("poison in " + inBatch);
                  }
                },
                rejectable));
  }

  /** Two batches of 16 sequences. */
  private void scan(ForwardPass forward, int rejectable) {
    Analysis.DeviceObserver observer =
        new Analysis.DeviceObserver() {
          @Override
          public Set<Tap> taps() {
            return Set.of();
          }

          @Override
          public void layer(io.github.ffncensus.model.LayerActivations layer, TokenBatch batch) {}

          @Override
          public void finish(Analysis.PartialSink sink) {}
        };
    new ShardScan(forward, List.of(observer), tokens -> {})
        .run(BatchPlan.of(corpus, 64), rejectable);
  }
}
