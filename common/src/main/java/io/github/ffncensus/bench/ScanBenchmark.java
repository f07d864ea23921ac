package io.github.ffncensus.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.activations.ActivationMode;
import io.github.ffncensus.analysis.activations.ActivationRecorder;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.TriggerSearch;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.RandomTransformer;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.TorchEngine;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * Measures, in one run and side by side, what the engine can do at most, the bare forward pass, and
 * the forward pass with the analyses of a scan, on a GPT-2-small-shaped random model with real
 * sentence lengths.
 *
 * <p>As under Spark, each worker thread computes on its own with one engine thread, and all share
 * one set of weights. Every round measures every variant once, in random order, so that a change in
 * the machine's load meets all of them alike; the figures are medians over rounds.
 */
public final class ScanBenchmark {
  private static final int CEILING_SIZE = 2048;
  private static final int CEILING_REPEATS = 3;
  private static final String CEILING = "ceiling";
  private static final String FORWARD = "forward";

  private final Device device;
  private final int workers;
  private final int rounds;
  private final int tokensPerWorker;
  private final int batchTokens;

  /**
   * @param workers threads that compute at the same time
   * @param tokensPerWorker tokens that each thread reads per measurement
   */
  public ScanBenchmark(
      Device device, int workers, int rounds, int tokensPerWorker, int batchTokens) {
    this.device = device;
    this.workers = workers;
    this.rounds = rounds;
    this.tokensPerWorker = tokensPerWorker;
    this.batchTokens = batchTokens;
  }

  /** One line of the result. */
  public record Line(
      String name, double tokensPerSecond, double gflops, double shareOfCeiling, double overhead) {}

  /**
   * Runs all rounds.
   *
   * @return the ceiling, the bare forward, each analysis alone, and all together
   */
  public List<Line> run() {
    ExecutorService pool = Executors.newFixedThreadPool(workers);
    try (Transformer model = RandomTransformer.gpt2Small(device)) {
      List<BatchPlan> plans = new ArrayList<>();
      for (int worker = 0; worker < workers; worker++) {
        plans.add(plan(worker));
      }
      Map<String, IntFunction<Runnable>> variants = variants(model, plans);
      Map<String, double[]> seconds = new LinkedHashMap<>();
      variants.keySet().forEach(name -> seconds.put(name, new double[rounds]));
      variants.values().forEach(variant -> measure(pool, variant));
      Random order = new Random(1);
      for (int round = 0; round < rounds; round++) {
        List<String> names = new ArrayList<>(variants.keySet());
        Collections.shuffle(names, order);
        for (String name : names) {
          seconds.get(name)[round] = measure(pool, variants.get(name));
        }
      }
      return lines(model, plans, seconds);
    } finally {
      pool.shutdown();
    }
  }

  private BatchPlan plan(int worker) {
    SentenceLengths lengths = SentenceLengths.read();
    Random random = new Random(worker);
    List<TokenSequence> sequences = new ArrayList<>();
    for (int tokens = 0; tokens < tokensPerWorker; ) {
      int[] ids = random.ints(lengths.draw(random), 0, 50257).toArray();
      sequences.add(TokenSequence.of(sequences.size(), ids));
      tokens += ids.length;
    }
    // Batches as a shard of a million tokens would have them: whole ones, one length each.
    return BatchPlan.of(sequences, batchTokens);
  }

  private Map<String, IntFunction<Runnable>> variants(Transformer model, List<BatchPlan> plans) {
    Map<String, IntFunction<Runnable>> variants = new LinkedHashMap<>();
    variants.put(CEILING, worker -> this::multiplyLargeMatrices);
    variants.put(
        FORWARD,
        worker ->
            () ->
                plans
                    .get(worker)
                    .batches()
                    .forEach(batch -> model.observe(batch, List.of(new FullPass()))));
    variants.put("forward + neuron_stats", scan(model, plans, List.of("stats")));
    variants.put("forward + trigger_prefixes", scan(model, plans, List.of("triggers")));
    variants.put("forward + activations", scan(model, plans, List.of("activations")));
    variants.put(
        "forward + all three", scan(model, plans, List.of("stats", "triggers", "activations")));
    return variants;
  }

  /** Asks for every layer's output, so that the bare forward pass leaves nothing out. */
  private static final class FullPass implements ForwardObserver {
    @Override
    public Set<Tap> taps() {
      return EnumSet.of(Tap.RESIDUAL_AFTER);
    }

    @Override
    public void layer(LayerActivations layer, TokenBatch batch) {
      // Looks at nothing.
    }
  }

  private IntFunction<Runnable> scan(
      Transformer model, List<BatchPlan> plans, List<String> analyses) {
    // Observers live on over the rounds, as over the batches of a long shard.
    List<List<ShardObserver>> observers = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      observers.add(analyses.stream().map(analysis -> observer(analysis, model)).toList());
    }
    return worker ->
        () -> {
          new ShardScan(
                  (batch, watching) -> {
                    List<ForwardObserver> all = new ArrayList<>(watching);
                    all.add(new FullPass());
                    model.observe(batch, all);
                  },
                  observers.get(worker),
                  tokens -> {})
              .run(plans.get(worker));
        };
  }

  private static ShardObserver observer(String analysis, Transformer model) {
    return switch (analysis) {
      case "stats" -> new NeuronStatistics().observe(model, 0);
      case "triggers" ->
          new TriggerSearch(25, TriggerSearch.Distinct.SEQUENCE, List.of(Polarity.POSITIVE), 1)
              .observe(model, 0);
      default ->
          new ActivationRecorder(
              new ActivationMode.Top(32),
              model.architecture(),
              (layer, sequence, position, token, neurons, coefficients, count) -> {});
    };
  }

  private void multiplyLargeMatrices() {
    try (NDManager manager = RandomTransformer.newScope(device)) {
      Shape shape = new Shape(CEILING_SIZE, CEILING_SIZE);
      NDArray a = manager.randomNormal(0, 1, shape, DataType.FLOAT32);
      NDArray b = manager.randomNormal(0, 1, shape, DataType.FLOAT32);
      for (int i = 0; i < CEILING_REPEATS; i++) {
        NDArray product = Linear.linear(a, b, null).singletonOrThrow();
        product.getFloat(0, 0);
        product.close();
      }
    }
  }

  /** Seconds until all workers are done. */
  private double measure(ExecutorService pool, IntFunction<Runnable> variant) {
    List<Future<?>> running = new ArrayList<>();
    long start = System.nanoTime();
    for (int worker = 0; worker < workers; worker++) {
      Runnable work = variant.apply(worker);
      running.add(
          pool.submit(
              () -> {
                TorchEngine.prepareThread();
                work.run();
              }));
    }
    for (Future<?> worker : running) {
      try {
        worker.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private List<Line> lines(
      Transformer model, List<BatchPlan> plans, Map<String, double[]> seconds) {
    double flops = 0;
    double tokens = 0;
    for (BatchPlan plan : plans) {
      tokens += plan.tokens();
      flops +=
          plan.batches().stream()
              .mapToDouble(
                  batch ->
                      (double) batch.size()
                          * batch.length()
                          * model.architecture().flopsPerToken(batch.length()))
              .sum();
    }
    double ceilingFlops = 2.0 * Math.pow(CEILING_SIZE, 3) * CEILING_REPEATS * workers;
    List<Line> lines = new ArrayList<>();
    for (Map.Entry<String, double[]> entry : seconds.entrySet()) {
      boolean ceiling = entry.getKey().equals(CEILING);
      double work = ceiling ? ceilingFlops : flops;
      double[] share = new double[rounds];
      double[] overhead = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        double time = entry.getValue()[round];
        share[round] = (work / time) / (ceilingFlops / seconds.get(CEILING)[round]);
        overhead[round] = time / seconds.get(FORWARD)[round] - 1;
      }
      double time = median(entry.getValue());
      lines.add(
          new Line(
              entry.getKey(),
              ceiling ? Double.NaN : tokens / time,
              work / time / 1e9,
              median(share),
              ceiling ? Double.NaN : median(overhead)));
    }
    return lines;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
