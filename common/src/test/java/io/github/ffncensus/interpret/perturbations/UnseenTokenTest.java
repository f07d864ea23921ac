package io.github.ffncensus.interpret.perturbations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ffncensus.analysis.AllCoefficients;
import io.github.ffncensus.analysis.RandomSequences;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch.Distinct;
import io.github.ffncensus.model.BlindModel;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model whose first layer sees nothing but the token itself: properties 19 and 25. */
class UnseenTokenTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-gelu-new", "llama-silu", "bert-gelu"})
  void removingATokenThatALayerCannotSee_changesNothing(String fixture) {
    try (Transformer model = BlindModel.of(fixture, folder).load()) {
      List<TokenSequence> corpus = RandomSequences.of(model.architecture(), 30, 4);
      AllCoefficients all = AllCoefficients.of(model, corpus);
      List<Winner> winners = new ArrayList<>();
      for (int neuron = 0; neuron < 20; neuron++) {
        for (Trigger t : all.triggers(0, neuron, Polarity.POSITIVE, Distinct.SEQUENCE, 8, 1)) {
          TokenSequence sequence = corpus.get((int) t.sequenceId());
          winners.add(new Winner(0, neuron, t.rank(), t.coefficient(), sequence, t.position()));
        }
      }
      Map<Removal, Integer> seen = new EnumMap<>(Removal.class);
      List<Perturbation> perturbations = new ArrayList<>();
      new PerturbationRun(model, 256, 1, tokens -> {})
          .run(winners.iterator())
          .forEachRemaining(perturbations::add);
      for (Perturbation perturbation : perturbations) {
        Winner winner = perturbation.winner();
        if (perturbation.effect().isEmpty()) {
          continue;
        }
        seen.merge(perturbation.removal(), 1, Integer::sum);
        // The first token may be the trigger's own, too.
        if (perturbation.effect().get().removedPosition() == winner.position()) {
          // The neuron sees the token that is read instead, and nothing else.
          int place = winner.position() + (model.architecture().causal() ? -1 : 1);
          int read = winner.sequence().tokens()[place];
          float alone =
              AllCoefficients.of(model, List.of(TokenSequence.of(0, read)))
                  .row(0, 0, 0)[winner.neuron()];
          assertThat(perturbation.effect().get().perturbed()).isCloseTo(alone, within(1e-5f));
        } else {
          assertThat(perturbation.relativeChange())
              .isCloseTo(0, within(2e-5 / winner.coefficient()));
          assertThat(perturbation.controlChange())
              .isCloseTo(0, within(2e-5 / winner.coefficient()));
        }
      }
      assertThat(seen.values()).hasSize(3).allMatch(count -> count > 20);
    }
  }
}
