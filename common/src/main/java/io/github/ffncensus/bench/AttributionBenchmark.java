package io.github.ffncensus.bench;

import io.github.ffncensus.bench.Workers.Time;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.IntegratedGradients;
import io.github.ffncensus.model.Transformer;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Measures integrated gradients side by side with the straightforward way to calculate them ({@link
 * PaddedAttribution}), and compares their numbers.
 *
 * <p>As under Spark, each worker thread computes on its own with one engine thread, and all share
 * one set of weights. Every round measures both ways, in alternating order; the figures are medians
 * over rounds.
 */
public final class AttributionBenchmark {
  /** Tokens that the straightforward way pads every prompt to; none may have more. */
  public static final int PADDED_LENGTH = 128;

  private final Transformer model;
  private final BenchmarkPrompts source;
  private final int workers;
  private final int rounds;
  private final int prompts;
  private final AttributionOptions options;

  /**
   * @param model the caller closes it
   * @param workers threads that compute at the same time
   * @param prompts that each worker attributes in a round; of the straightforward way, one
   * @param options rule, steps and memory; the target is the answer's probability
   */
  public AttributionBenchmark(
      Transformer model,
      BenchmarkPrompts source,
      int workers,
      int rounds,
      int prompts,
      AttributionOptions options) {
    this.model = model;
    this.source = source;
    this.workers = workers;
    this.rounds = rounds;
    this.prompts = prompts;
    this.options = options;
  }

  /**
   * The result.
   *
   * @param promptsPerSecond of all workers together
   * @param straightforward likewise
   * @param ratio of the two, by elapsed time
   * @param processorRatio the same by processor time of the workers, which other load on the
   *     machine hardly touches; says nothing of a GPU
   * @param largestDifference of any attribution, relative to the prompt's largest
   * @param tokensPerPrompt mean length of the prompts, special tokens included
   */
  public record Result(
      double promptsPerSecond,
      double straightforward,
      double ratio,
      double processorRatio,
      double largestDifference,
      double tokensPerPrompt) {}

  /** Runs all rounds. */
  public Result run() {
    try (Workers pool = new Workers(workers)) {
      // What is measured first would pay for the engine's start.
      List<EncodedPrompt> warmUp = source.draw(1, -1);
      pool.measure(worker -> attribute(warmUp));
      pool.measure(worker -> padded().attribute(warmUp.get(0), 0));
      List<Round> all = IntStream.range(0, rounds).mapToObj(n -> new Round(pool, n)).toList();
      return new Result(
          median(all, round -> workers * prompts / round.fast.elapsed()),
          median(all, round -> workers / round.slow.elapsed()),
          median(all, round -> prompts * round.slow.elapsed() / round.fast.elapsed()),
          median(all, round -> prompts * round.slow.processor() / round.fast.processor()),
          all.stream().mapToDouble(Round::largestDifference).max().orElseThrow(),
          all.stream().mapToDouble(Round::tokensPerPrompt).average().orElseThrow());
    }
  }

  private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
    return Workers.median(rounds.stream().mapToDouble(figure));
  }

  /** One measurement of each way. */
  private final class Round {
    private final List<List<EncodedPrompt>> byWorker;
    private final Map<EncodedPrompt, float[][]> attributions = new ConcurrentHashMap<>();
    private final Map<EncodedPrompt, float[][]> references = new ConcurrentHashMap<>();
    private Time fast;
    private Time slow;

    Round(Workers pool, int number) {
      byWorker =
          IntStream.range(0, workers)
              .mapToObj(worker -> source.draw(prompts, (long) number * workers + worker))
              .toList();
      boolean slowFirst = number % 2 == 1;
      if (slowFirst) {
        measureSlow(pool);
      }
      fast = pool.measure(worker -> attributions.putAll(attribute(byWorker.get(worker))));
      if (!slowFirst) {
        measureSlow(pool);
      }
    }

    private void measureSlow(Workers pool) {
      slow =
          pool.measure(
              worker -> {
                EncodedPrompt prompt = byWorker.get(worker).get(0);
                references.put(
                    prompt,
                    IntStream.range(0, model.architecture().layers())
                        .mapToObj(l -> padded().attribute(prompt, l))
                        .toArray(float[][]::new));
              });
    }

    double tokensPerPrompt() {
      return byWorker.stream()
          .flatMap(List::stream)
          .mapToInt(prompt -> prompt.contexts().get(0).tokens().length)
          .average()
          .orElseThrow();
    }

    double largestDifference() {
      double worst = 0;
      for (Map.Entry<EncodedPrompt, float[][]> reference : references.entrySet()) {
        float[][] actual = attributions.get(reference.getKey());
        double largest = 0;
        double difference = 0;
        for (int l = 0; l < actual.length; l++) {
          for (int i = 0; i < actual[l].length; i++) {
            float expected = reference.getValue()[l][i];
            largest = Math.max(largest, Math.abs(expected));
            difference = Math.max(difference, Math.abs(expected - actual[l][i]));
          }
        }
        worst = Math.max(worst, difference / largest);
      }
      return worst;
    }
  }

  private Map<EncodedPrompt, float[][]> attribute(List<EncodedPrompt> prompts) {
    Map<EncodedPrompt, float[][]> attributions = new IdentityHashMap<>();
    try (IntegratedGradients gradients = new IntegratedGradients(model, options)) {
      gradients.attributePrompts(
          prompts, result -> attributions.put(result.prompt(), result.attributions()));
    }
    return attributions;
  }

  private PaddedAttribution padded() {
    int length = Math.min(PADDED_LENGTH, model.architecture().maxSequenceTokens());
    return new PaddedAttribution(model, options.rule().alphas(options.steps()), length);
  }
}
