package io.github.ffncensus.interpret.perturbations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.EngineException;
import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.DeviceShards;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.ShardScan.ForwardPass;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.interpret.perturbations.Perturbation.Effect;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Perturbed coefficients equal those of separate runs of one shortened text at a time. */
class PerturbationRunTest {
  private static final long SEED = 5;
  private static final int BATCH_TOKENS = 192;
  private static final int NEURONS = 12;
  private static final int RANKS = 6;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-gelu-new",
        "gpt2-relu-untied",
        "llama-silu",
        "gpt-neox-parallel",
        "bert-gelu",
        "roberta-gelu",
        "xlm-roberta-gelu"
      })
  void coefficients_equalSeparateRunsOfTheShortenedText(String fixture) {
    try (Transformer model = DeviceShards.model(fixture)) {
      List<Winner> winners = winners(model);
      List<Perturbation> perturbations = run(model, model::observe, winners);
      assertThat(perturbations).hasSize(3 * winners.size());
      Map<Removal, Integer> defined = new EnumMap<>(Removal.class);
      for (int i = 0; i < perturbations.size(); i++) {
        Perturbation perturbation = perturbations.get(i);
        assertThat(perturbation.winner()).isSameAs(winners.get(i / 3));
        assertThat(perturbation.removal()).isEqualTo(Removal.values()[i % 3]);
        assertIsOracles(model, perturbation);
        defined.merge(
            perturbation.removal(), perturbation.effect().isPresent() ? 1 : 0, Integer::sum);
      }
      // Both kinds of outcome occur for every removal.
      assertThat(defined.get(Removal.FIRST)).isBetween(1, winners.size());
      assertThat(defined.get(Removal.LAST)).isBetween(1, winners.size() - 1);
      assertThat(defined.get(Removal.RANDOM)).isBetween(1, winners.size() - 1);
    }
  }

  /** A shortened text built and run by itself, from the definition. */
  private static void assertIsOracles(Transformer model, Perturbation perturbation) {
    Winner winner = perturbation.winner();
    TokenSequence sequence = winner.sequence();
    boolean causal = model.architecture().causal();
    List<Integer> text =
        IntStream.rangeClosed(0, winner.position())
            .filter(position -> !sequence.special()[position])
            .boxed()
            .toList();
    List<Integer> candidates =
        switch (perturbation.removal()) {
          case FIRST -> text.subList(0, 1);
          case LAST -> text.subList(text.size() - 1, text.size());
          case RANDOM -> text.size() < 3 ? List.of() : text.subList(1, text.size() - 1);
        };
    if (candidates.isEmpty()) {
      assertThat(perturbation.effect()).isEmpty();
      return;
    }
    int removed = candidates.get(0);
    if (perturbation.removal() == Removal.RANDOM) {
      removed = perturbation.effect().orElseThrow().removedPosition();
      assertThat(candidates).contains(removed);
    }
    List<Integer> kept = new ArrayList<>();
    int end = causal ? winner.position() + 1 : sequence.length();
    for (int position = 0; position < end; position++) {
      if (position != removed) {
        kept.add(position);
      }
    }
    int readAt = kept.indexOf(winner.position());
    if (readAt < 0) {
      readAt = causal ? kept.size() - 1 : removed;
    }
    if (readAt < 0 || readAt >= kept.size() || sequence.special()[kept.get(readAt)]) {
      assertThat(perturbation.effect()).isEmpty();
      return;
    }
    Effect effect = perturbation.effect().orElseThrow();
    float[] before = row(model, winner.layer(), sequence.tokens(), winner.position());
    int[] left = kept.stream().mapToInt(position -> sequence.tokens()[position]).toArray();
    float[] after = row(model, winner.layer(), left, readAt);
    assertThat(effect.removedPosition()).isEqualTo(removed);
    assertThat(effect.removedToken()).isEqualTo(sequence.tokens()[removed]);
    assertThat(effect.reread()).isCloseTo(winner.coefficient(), within(1e-5f));
    assertThat(effect.perturbed()).isCloseTo(after[winner.neuron()], within(1e-5f));
    assertThat(effect.control()).isNotEqualTo(winner.neuron()).isBetween(0, before.length - 1);
    assertThat(effect.controlCoefficient()).isCloseTo(before[effect.control()], within(1e-5f));
    assertThat(effect.controlPerturbed()).isCloseTo(after[effect.control()], within(1e-5f));
    assertThat(perturbation.relativeChange())
        .isCloseTo(
            ((double) after[winner.neuron()] - winner.coefficient()) / winner.coefficient(),
            within(1e-5 / winner.coefficient()));
  }

  private static float[] row(Transformer model, int layer, int[] tokens, int position) {
    return AllCoefficients.of(model, List.of(TokenSequence.of(0, tokens))).row(layer, 0, position);
  }

  /** Property 24, first half: no text but the unperturbed one is run for it. */
  @Test
  void lastInACausalModel_isTheCoefficientOneTokenEarlier() {
    try (Transformer model = DeviceShards.model("gpt2-relu-untied")) {
      TokenSequence sequence = TokenSequence.of(3, 9, 8, 7, 6, 5, 4);
      AllCoefficients all = AllCoefficients.of(model, List.of(sequence));
      List<Winner> winners = new ArrayList<>();
      for (int neuron = 0; neuron < model.architecture().intermediate(); neuron++) {
        float coefficient = all.row(1, 3, 4)[neuron];
        if (coefficient > 0) {
          winners.add(new Winner(1, neuron, 1, coefficient, sequence, 4));
        }
      }
      assertThat(winners).hasSizeGreaterThan(10);
      float[] earlier = all.row(1, 3, 3);
      for (Perturbation perturbation : run(model, model::observe, winners)) {
        // ReLU never falls by more than all.
        assertThat(perturbation.relativeChange()).isGreaterThanOrEqualTo(-1);
        if (perturbation.removal() == Removal.LAST) {
          assertThat(perturbation.effect().orElseThrow().perturbed())
              .isCloseTo(earlier[perturbation.winner().neuron()], within(1e-5f));
        }
      }
    }
  }

  @Test
  void equalTexts_areRunOnceForAllNeurons() {
    try (Transformer model = DeviceShards.model("gpt2-gelu-new")) {
      int[] tokens = {9, 8, 7, 6, 5};
      List<Winner> winners = new ArrayList<>();
      for (int neuron = 0; neuron < 40; neuron++) {
        // The same words in two sequences, and prefixes of two lengths.
        TokenSequence sequence = TokenSequence.of(neuron % 2, tokens);
        winners.add(new Winner(1, neuron, 1, 1, sequence, 2 + neuron / 2 % 2));
      }
      List<TokenSequence> ran = new ArrayList<>();
      run(
          model,
          (batch, observers) -> {
            ran.addAll(batch.sequences());
            model.observe(batch, observers);
          },
          winners);
      // Nothing removed, the first, and one of the two inner tokens; nothing beyond the prefixes.
      assertThat(ran)
          .extracting(sequence -> Arrays.toString(sequence.tokens()))
          .containsExactlyInAnyOrder("[9, 8, 7, 6]", "[8, 7, 6]", "[9, 7, 6]", "[9, 8, 6]");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-silu", "bert-gelu"})
  void deviceThatRunsOutOfMemory_changesNothing(String fixture) {
    try (Transformer model = DeviceShards.model(fixture)) {
      List<Winner> winners = winners(model);
      int[] refused = new int[1];
      List<Perturbation> halved =
          run(
              model,
              (batch, observers) -> {
                if (batch.size() > 2) {
                  refused[0]++;
                  throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
                }
                model.observe(batch, observers);
              },
              winners);
      assertThat(refused[0]).isPositive();
      assertSame(halved, run(model, model::observe, winners));
    }
  }

  @Test
  void order_changesNothing() {
    try (Transformer model = DeviceShards.model("bert-gelu")) {
      List<Winner> winners = new ArrayList<>(winners(model));
      List<Perturbation> expected = run(model, model::observe, winners);
      Comparator<Winner> byNeuron =
          Comparator.comparingInt(Winner::layer)
              .thenComparingInt(Winner::neuron)
              .thenComparingInt(Winner::rank);
      List<Perturbation> sorted =
          run(model, model::observe, winners.stream().sorted(byNeuron).toList());
      assertSame(
          sorted,
          expected.stream().sorted(Comparator.comparing(Perturbation::winner, byNeuron)).toList());
    }
  }

  private static void assertSame(List<Perturbation> actual, List<Perturbation> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i).winner()).isEqualTo(expected.get(i).winner());
      Optional<Effect> effect = actual.get(i).effect();
      assertThat(effect.isPresent()).isEqualTo(expected.get(i).effect().isPresent());
      if (effect.isPresent()) {
        Effect other = expected.get(i).effect().get();
        assertThat(effect.get().removedPosition()).isEqualTo(other.removedPosition());
        assertThat(effect.get().control()).isEqualTo(other.control());
        assertThat(effect.get().perturbed()).isCloseTo(other.perturbed(), within(1e-5f));
        assertThat(effect.get().controlPerturbed())
            .isCloseTo(other.controlPerturbed(), within(1e-5f));
      }
    }
  }

  private static List<Perturbation> run(
      Transformer model, ForwardPass forward, List<Winner> winners) {
    List<Perturbation> perturbations = new ArrayList<>();
    new PerturbationRun(model, forward, BATCH_TOKENS, SEED, tokens -> {})
        .run(winners.iterator())
        .forEachRemaining(perturbations::add);
    return perturbations;
  }

  /** The strongest prefixes of some neurons, sequence by sequence; some are one token long. */
  private static List<Winner> winners(Transformer model) {
    List<TokenSequence> corpus = new ArrayList<>(RandomSequences.of(model.architecture(), 30, 8));
    corpus.add(TokenSequence.of(30, 11));
    corpus.add(new TokenSequence(31, new int[] {1, 11, 2}, new boolean[] {true, false, true}));
    corpus.add(new TokenSequence(32, new int[] {1, 11, 12}, new boolean[] {true, false, false}));
    AllCoefficients all = AllCoefficients.of(model, corpus);
    List<Winner> winners = new ArrayList<>();
    for (int layer = 0; layer < model.architecture().layers(); layer++) {
      for (int neuron = 0; neuron < NEURONS; neuron++) {
        for (Trigger t :
            all.triggers(layer, neuron, Polarity.POSITIVE, Distinct.SEQUENCE, RANKS, 1)) {
          TokenSequence sequence = corpus.get((int) t.sequenceId());
          winners.add(new Winner(layer, neuron, t.rank(), t.coefficient(), sequence, t.position()));
        }
      }
      // The short ones, whether they are among the strongest or not.
      for (int id = 30; id <= 32; id++) {
        int position = id == 30 ? 0 : 1;
        float[] row = all.row(layer, id, position);
        int neuron =
            IntStream.range(0, row.length).filter(n -> row[n] > 0).findFirst().orElseThrow();
        winners.add(new Winner(layer, neuron, RANKS + id, row[neuron], corpus.get(id), position));
      }
    }
    winners.sort(Comparator.comparingLong(winner -> winner.sequence().id()));
    return winners;
  }
}
