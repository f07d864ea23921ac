package io.github.ffncensus.jobs.intervene;

import io.github.ffncensus.knowledge.AnswerReading;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.Neuron;
import io.github.ffncensus.knowledge.intervention.InterventionRun;
import io.github.ffncensus.knowledge.intervention.ScaledNeuron;
import io.github.ffncensus.knowledge.intervention.Trial;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The trials of a task, which run together so that batches are full; each prompt clean once. */
final class TrialList {
  private final List<Trial> trials = new ArrayList<>();
  private final Map<EncodedPrompt, Integer> clean = new IdentityHashMap<>();
  private List<AnswerReading> readings;

  /**
   * The number of the prompt's trial without neurons.
   *
   * @param prompt the same object for the same prompt
   */
  int clean(EncodedPrompt prompt) {
    return clean.computeIfAbsent(prompt, p -> add(Trial.clean(p)));
  }

  /** The number of a trial in which neurons are scaled; of none, that of the clean one. */
  int scaled(EncodedPrompt prompt, List<Neuron> neurons, double factor) {
    if (neurons.isEmpty()) {
      return clean(prompt);
    }
    List<ScaledNeuron> scaled =
        neurons.stream()
            .map(neuron -> new ScaledNeuron(neuron.layer(), neuron.index(), (float) factor))
            .toList();
    return add(new Trial(prompt, scaled));
  }

  private int add(Trial trial) {
    trials.add(trial);
    return trials.size() - 1;
  }

  void run(InterventionRun run) {
    readings = run.run(trials);
  }

  /** What a trial gave, after the run. */
  AnswerReading reading(int trial) {
    return readings.get(trial);
  }
}
