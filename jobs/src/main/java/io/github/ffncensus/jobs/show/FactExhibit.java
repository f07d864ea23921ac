package io.github.ffncensus.jobs.show;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a run says of one fact, and how it is printed. */
final class FactExhibit {
  /** Whose prompts are read, or which neurons are scaled, beside the fact's own. */
  enum Target {
    OWN("its own prompts"),
    OTHER("prompts of a fact of another relation"),
    SAME_RELATION("prompts of another fact of the relation"),
    RANDOM_NEURONS("its own prompts, random neurons instead");

    private final String words;

    Target(String words) {
      this.words = words;
    }
  }

  /**
   * One of the fact's neurons.
   *
   * @param sharing prompts of the fact that nominate it
   */
  record Neuron(int layer, int neuron, int sharing, int prompts) {
    @Override
    public String toString() {
      return "%d:%d (%d of %d prompts)".formatted(layer, neuron, sharing, prompts);
    }
  }

  /** Mean activation of the neurons in a class of sentences. */
  private static final class Activation {
    private double sum;
    private int neurons;
    private long sentences;
  }

  private final String relation;
  private final String factId;
  private String head;
  private String answer;
  private String prompt;
  private String predicted;
  private double probability = -1;
  private double meanProbability;
  private int prompts;
  private final List<Neuron> neurons = new ArrayList<>();
  private final Map<String, Map<Target, Change>> interventions = new LinkedHashMap<>();
  private final Map<String, Activation> activations = new LinkedHashMap<>();
  private final List<String> sentences = new ArrayList<>();
  private String update;

  FactExhibit(String relation, String factId) {
    this.relation = relation;
    this.factId = factId;
  }

  String relation() {
    return relation;
  }

  List<Neuron> neurons() {
    return neurons;
  }

  boolean hasUpdate() {
    return update != null;
  }

  /** Mean probability of the answer over the prompts. */
  double probability() {
    return prompts == 0 ? 0 : meanProbability / prompts;
  }

  /** How much suppressing the fact's neurons lowers its own answer; 0 if that was not tried. */
  double effect() {
    Map<Target, Change> suppressed = interventions.getOrDefault("suppress", Map.of());
    Change own = suppressed.get(Target.OWN);
    return own == null || own.isEmpty() ? 0 : -own.relative();
  }

  void prompt(String of, String with, String text, String best, double p) {
    head = of;
    answer = with;
    prompts++;
    meanProbability += p;
    if (p > probability) {
      probability = p;
      prompt = text;
      predicted = best;
    }
  }

  void neuron(Neuron neuron) {
    neurons.add(neuron);
  }

  void intervention(String operation, Target target, double before, double after) {
    interventions
        .computeIfAbsent(operation, o -> new EnumMap<>(Target.class))
        .computeIfAbsent(target, t -> new Change())
        .add(before, after);
  }

  void activation(String textClass, double mean, long sentencesRead) {
    Activation activation = activations.computeIfAbsent(textClass, c -> new Activation());
    activation.sum += mean;
    activation.neurons++;
    activation.sentences = sentencesRead;
  }

  void sentence(String direction, double mean, String textClass, String text) {
    sentences.add(
        String.format(
            Locale.ROOT,
            "%s mean activation, %.3f (%s): %s",
            direction.equals("top") ? "highest" : "lowest",
            mean,
            textClass.replace('_', ' '),
            text));
  }

  void update(String line) {
    update = line;
  }

  void print(PrintStream out) {
    out.printf("%n%s: %s -> %s (fact %s)%n", relation, head, answer, factId);
    out.printf(
        Locale.ROOT,
        "  \"%s\": the model says %s; the answer has probability %.3f there, %.3f on average over %d prompts%n",
        prompt,
        predicted,
        probability,
        probability(),
        prompts);
    out.printf(
        "  knowledge neurons (layer:neuron): %s%n",
        neurons.isEmpty()
            ? "none"
            : neurons.stream().map(Neuron::toString).collect(Collectors.joining(", ")));
    interventions.forEach(
        (operation, targets) ->
            targets.forEach(
                (target, change) ->
                    out.printf("  %-8s  %s, %s%n", operation, change, target.words)));
    if (!activations.isEmpty()) {
      out.printf(
          "  mean activation in the corpus: %s%n",
          activations.entrySet().stream()
              .map(
                  entry ->
                      String.format(
                          Locale.ROOT,
                          "%.3f in %d sentences (%s)",
                          entry.getValue().sum / entry.getValue().neurons,
                          entry.getValue().sentences,
                          entry.getKey().replace('_', ' ')))
              .collect(Collectors.joining(", ")));
    }
    sentences.forEach(sentence -> out.println("    " + sentence));
    if (update != null) {
      out.println("  " + update);
    }
  }
}
