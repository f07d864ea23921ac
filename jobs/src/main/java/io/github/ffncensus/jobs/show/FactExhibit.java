package io.github.ffncensus.jobs.show;

import io.github.ffncensus.jobs.knowledge.FactKey;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run says of one fact, and how it is printed. Texts are told only of facts that are
 * printed.
 */
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

  /** What is done to neurons: {@code suppress} or {@code amplify}, by what factor. */
  record Operation(String word, double factor) {
    @Override
    public String toString() {
      return word + " x " + BigDecimal.valueOf(factor).stripTrailingZeros().toPlainString();
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
  private int prompts;
  private int answered;
  private double sumOfProbabilities;
  private int bestPrompt;
  private double bestProbability = -1;
  private boolean updated;
  private final List<Neuron> neurons = new ArrayList<>();
  private final Map<Operation, Map<Target, Change>> interventions = new LinkedHashMap<>();

  private final Map<Integer, String> texts = new HashMap<>();
  private String predicted;
  private final Map<String, Activation> activations = new LinkedHashMap<>();
  private final List<String> sentences = new ArrayList<>();
  private final List<FactUpdate> updates = new ArrayList<>();

  FactExhibit(String relation, String factId) {
    this.relation = relation;
    this.factId = factId;
  }

  String relation() {
    return relation;
  }

  FactKey key() {
    return new FactKey(relation, factId);
  }

  boolean hasNeurons() {
    return !neurons.isEmpty();
  }

  /** Whether the answer is the model's first choice at every prompt. */
  boolean isAnswered() {
    return answered == prompts;
  }

  boolean isUpdated() {
    return updated;
  }

  Set<Operation> operations() {
    return interventions.keySet();
  }

  /** What an operation does to the answer's mean probability, relative to it; null if not tried. */
  Double effect(Operation operation, Target target) {
    Change change = interventions.getOrDefault(operation, Map.of()).get(target);
    return change == null ? null : change.relative();
  }

  void prompt(int promptId, String of, String with, double probability, boolean first) {
    head = of;
    answer = with;
    prompts++;
    answered += first ? 1 : 0;
    sumOfProbabilities += probability;
    if (probability > bestProbability) {
      bestProbability = probability;
      bestPrompt = promptId;
    }
  }

  void text(int promptId, String text, String says) {
    texts.put(promptId, text);
    if (promptId == bestPrompt) {
      predicted = says;
    }
  }

  void neuron(Neuron neuron) {
    neurons.add(neuron);
  }

  void intervention(Operation operation, Target target, double before, double after) {
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

  void updated() {
    updated = true;
  }

  void update(FactUpdate update) {
    updates.add(update);
  }

  void print(PrintStream out) {
    out.printf("%n%s: %s -> %s (fact %s)%n", relation, head, answer, factId);
    out.printf(
        Locale.ROOT,
        "  %d prompts, %d of them answered; mean probability of the answer %.3f%n",
        prompts,
        answered,
        sumOfProbabilities / prompts);
    out.printf(
        Locale.ROOT,
        "  the surest: \"%s\": the model says %s, and the answer has %.3f%n",
        texts.get(bestPrompt),
        predicted,
        bestProbability);
    out.printf(
        "  knowledge neurons (layer:neuron): %s%n",
        neurons.isEmpty()
            ? "none"
            : neurons.stream().map(Neuron::toString).collect(Collectors.joining(", ")));
    interventions.forEach(
        (operation, targets) ->
            targets.forEach(
                (target, change) ->
                    out.printf("  %-13s %s, %s%n", operation, change, target.words)));
    printActivations(out);
    printUpdates(out);
  }

  private void printActivations(PrintStream out) {
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
  }

  private void printUpdates(PrintStream out) {
    if (updates.isEmpty()) {
      return;
    }
    FactUpdate first = updates.get(0);
    out.printf(
        "  update to %s by %d value %s, judged at \"%s\"%n",
        first.target(),
        first.neurons(),
        first.neurons() == 1 ? "vector" : "vectors",
        texts.get(first.promptId()));
    updates.stream()
        .sorted(Comparator.comparing(FactUpdate::direction).thenComparing(update -> !update.real()))
        .forEach(
            update -> {
              out.printf("    %s%n      %s%n", update.heading(), update.line());
              if (update.real() && !update.limit().isEmpty()) {
                out.printf("      %s%n", update.limit());
              }
            });
  }
}
