package io.github.ffncensus.jobs.intervene;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.config.InterveneConfig;
import io.github.ffncensus.jobs.knowledge.FactKey;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/** Parts of a fact's neurons suppressed: every pair, and the first ones by attribution. */
final class NeuronSets {
  private final InterveneConfig config;
  private final TrialList trials;
  private final List<Supplier<InteractionRow>> interactions = new ArrayList<>();
  private final List<Supplier<CurveRow>> curves = new ArrayList<>();

  NeuronSets(InterveneConfig config, TrialList trials) {
    this.config = config;
    this.trials = trials;
  }

  /** To be asked for their rows once the trials have run. */
  List<Supplier<InteractionRow>> interactions() {
    return interactions;
  }

  /** To be asked for their rows once the trials have run. */
  List<Supplier<CurveRow>> curves() {
    return curves;
  }

  /**
   * Adds the trials of a fact, on a sample of its prompts.
   *
   * @param neurons in order
   * @param strongest the same, the largest mean attribution first
   */
  void add(
      String method,
      FactKey fact,
      List<Neuron> neurons,
      List<Neuron> strongest,
      List<EncodedPrompt> prompts) {
    if (neurons.isEmpty() || neurons.size() > config.interactions().maxNeurons()) {
      return;
    }
    long key = fact.hash("interactions");
    prompts.stream()
        .sorted(
            Comparator.comparingLong(
                prompt -> SeededHash.of(config.seed(), key, prompt.promptId())))
        .limit(config.interactions().promptsPerFact())
        .sorted(Comparator.comparingInt(EncodedPrompt::promptId))
        .forEach(
            prompt -> {
              pairs(method, fact, neurons, prompt);
              curve(method, fact, strongest, prompt);
            });
  }

  private void pairs(String method, FactKey fact, List<Neuron> neurons, EncodedPrompt prompt) {
    int clean = trials.clean(prompt);
    int[] alone = neurons.stream().mapToInt(n -> trials.scaled(prompt, List.of(n), 0)).toArray();
    for (int a = 0; a < alone.length; a++) {
      for (int b = a + 1; b < alone.length; b++) {
        Neuron first = neurons.get(a);
        Neuron second = neurons.get(b);
        int withoutA = alone[a];
        int withoutB = alone[b];
        int withoutBoth = trials.scaled(prompt, List.of(first, second), 0);
        interactions.add(
            () ->
                new InteractionRow(
                    method,
                    fact,
                    prompt.promptId(),
                    first,
                    second,
                    trials.reading(clean).probability(),
                    drop(clean, withoutA),
                    drop(clean, withoutB),
                    drop(clean, withoutBoth)));
      }
    }
  }

  private void curve(String method, FactKey fact, List<Neuron> strongest, EncodedPrompt prompt) {
    int clean = trials.clean(prompt);
    for (int n = 1; n <= strongest.size(); n++) {
      int suppressed = n;
      int without = trials.scaled(prompt, strongest.subList(0, n), 0);
      curves.add(
          () ->
              new CurveRow(
                  method,
                  fact,
                  prompt.promptId(),
                  suppressed,
                  strongest.get(suppressed - 1),
                  trials.reading(clean).probability(),
                  drop(clean, without)));
    }
  }

  private double drop(int clean, int without) {
    return trials.reading(clean).probability() - trials.reading(without).probability();
  }
}
