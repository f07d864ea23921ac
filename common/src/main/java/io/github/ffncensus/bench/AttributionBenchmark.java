package io.github.ffncensus.bench;

import ai.djl.Device;
import io.github.ffncensus.bench.Workers.Time;
import io.github.ffncensus.knowledge.EncodedPrompt;
import io.github.ffncensus.knowledge.EncodedPrompt.AnswerContext;
import io.github.ffncensus.knowledge.attribution.AttributionOptions;
import io.github.ffncensus.knowledge.attribution.IntegratedGradients;
import io.github.ffncensus.model.RandomTransformer;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Measures integrated gradients side by side with the straightforward way to calculate them ({@link
 * PaddedAttribution}), on a BERT-base-shaped random model with prompts of real lengths, and
 * compares their numbers.
 *
 * <p>As under Spark, each worker thread computes on its own with one engine thread, and all share
 * one set of weights. Every round measures both ways, in alternating order; the figures are medians
 * over rounds.
 */
public final class AttributionBenchmark {
  private static final int PADDED_LENGTH = 128;

  private final Device device;
  private final int workers;
  private final int rounds;
  private final int prompts;
  private final AttributionOptions options;

  /**
   * @param workers threads that compute at the same time
   * @param prompts that each worker attributes in a round; of the straightforward way, one
   * @param options rule, steps and memory; the target is the answer's probability
   */
  public AttributionBenchmark(
      Device device, int workers, int rounds, int prompts, AttributionOptions options) {
    this.device = device;
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
    try (Workers pool = new Workers(workers);
        Transformer model = RandomTransformer.bertBase(device)) {
      Time[] fast = new Time[rounds];
      Time[] slow = new Time[rounds];
      double difference = 0;
      // What is measured first would pay for the engine's start.
      List<EncodedPrompt> warmUp = prompts(model, 0).subList(0, 1);
      pool.measure(worker -> attribute(model, warmUp));
      pool.measure(worker -> padded(model).attribute(warmUp.get(0), 0));
      for (int round = 0; round < rounds; round++) {
        Round measured = new Round(pool, model, round);
        difference = Math.max(difference, measured.largestDifference());
        fast[round] = measured.fast;
        slow[round] = measured.slow;
      }
      return result(fast, slow, difference);
    }
  }

  /** One measurement of each way. */
  private final class Round {
    private final List<List<EncodedPrompt>> byWorker;
    private final Map<EncodedPrompt, float[][]> attributions = new ConcurrentHashMap<>();
    private final Map<EncodedPrompt, float[][]> references = new ConcurrentHashMap<>();
    private Time fast;
    private Time slow;

    Round(Workers pool, Transformer model, int number) {
      byWorker =
          IntStream.range(0, workers)
              .mapToObj(worker -> prompts(model, number * workers + worker))
              .toList();
      boolean slowFirst = number % 2 == 1;
      if (slowFirst) {
        measureSlow(pool, model);
      }
      fast = pool.measure(worker -> attributions.putAll(attribute(model, byWorker.get(worker))));
      if (!slowFirst) {
        measureSlow(pool, model);
      }
    }

    private void measureSlow(Workers pool, Transformer model) {
      slow =
          pool.measure(
              worker -> {
                EncodedPrompt prompt = byWorker.get(worker).get(0);
                references.put(
                    prompt,
                    IntStream.range(0, model.architecture().layers())
                        .mapToObj(l -> padded(model).attribute(prompt, l))
                        .toArray(float[][]::new));
              });
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

  private Map<EncodedPrompt, float[][]> attribute(Transformer model, List<EncodedPrompt> prompts) {
    Map<EncodedPrompt, float[][]> attributions = new IdentityHashMap<>();
    try (IntegratedGradients gradients = new IntegratedGradients(model, options)) {
      gradients.attributePrompts(
          prompts, result -> attributions.put(result.prompt(), result.attributions()));
    }
    return attributions;
  }

  private PaddedAttribution padded(Transformer model) {
    return new PaddedAttribution(model, options.rule().alphas(options.steps()), PADDED_LENGTH);
  }

  /** Prompts of all lengths, in random order, of random tokens with the answer's place anywhere. */
  private List<EncodedPrompt> prompts(Transformer model, int seed) {
    Random random = new Random(seed);
    int vocabulary = model.architecture().vocabulary();
    List<EncodedPrompt> all = new ArrayList<>();
    for (int length : TextLengths.prompts().spread(prompts)) {
      int[] tokens = random.ints(length, 0, vocabulary).toArray();
      int[] position = {random.nextInt(length)};
      int[] answer = {random.nextInt(vocabulary)};
      all.add(
          new EncodedPrompt(
              "", "", all.size(), List.of(new AnswerContext(tokens, position, answer))));
    }
    Collections.shuffle(all, random);
    return all;
  }

  private Result result(Time[] fast, Time[] slow, double difference) {
    return new Result(
        median(round -> workers * prompts / fast[round].elapsed()),
        median(round -> workers / slow[round].elapsed()),
        median(round -> prompts * slow[round].elapsed() / fast[round].elapsed()),
        median(round -> prompts * slow[round].processor() / fast[round].processor()),
        difference,
        IntStream.of(TextLengths.prompts().spread(prompts)).average().orElseThrow());
  }

  private double median(IntToDoubleFunction ofRound) {
    return Workers.median(IntStream.range(0, rounds).mapToDouble(ofRound));
  }
}
