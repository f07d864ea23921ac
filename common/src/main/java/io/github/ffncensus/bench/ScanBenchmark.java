package io.github.ffncensus.bench;

import ai.djl.Device;
import io.github.ffncensus.analysis.Analysis.ShardObserver;
import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.analysis.ShardScan;
import io.github.ffncensus.analysis.activations.ActivationMode;
import io.github.ffncensus.analysis.activations.ActivationRecorder;
import io.github.ffncensus.analysis.positions.PositionAnalysis;
import io.github.ffncensus.analysis.positions.PositionSample;
import io.github.ffncensus.analysis.positions.TokenTraits;
import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.triggers.Polarity;
import io.github.ffncensus.analysis.triggers.TriggerSearch;
import io.github.ffncensus.bench.Workers.Time;
import io.github.ffncensus.model.ForwardObserver;
import io.github.ffncensus.model.LayerActivations;
import io.github.ffncensus.model.Lens;
import io.github.ffncensus.model.RandomTransformer;
import io.github.ffncensus.model.TokenBatch;
import io.github.ffncensus.model.TokenSequence;
import io.github.ffncensus.model.Transformer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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
  private static final String CEILING = "ceiling";
  private static final String FORWARD = "forward";
  private static final String SCAN = "forward + all three";

  /** Observers of every scan, for {@link #observer}. */
  static final List<String> THREE = List.of("stats", "triggers", "activations");

  /** An analysis beyond the three of every scan, which {@link #run} measures on top of them. */
  public enum Extra {
    /** Table {@code layer_composition}. */
    COMPOSITION,
    /** Table {@code prediction_refinement}. */
    REFINEMENT
  }

  private final Device device;
  private final int workers;
  private final int rounds;
  private final int tokensPerWorker;
  private final int batchTokens;
  private final Set<Extra> extras;
  private double preparation;

  /**
   * @param workers threads that compute at the same time
   * @param tokensPerWorker tokens that each thread reads per measurement
   * @param extras to be measured together, beside a scan without them; none to measure each of the
   *     three analyses of every scan alone
   */
  public ScanBenchmark(
      Device device,
      int workers,
      int rounds,
      int tokensPerWorker,
      int batchTokens,
      Set<Extra> extras) {
    this.device = device;
    this.workers = workers;
    this.rounds = rounds;
    this.tokensPerWorker = tokensPerWorker;
    this.batchTokens = batchTokens;
    this.extras = Set.copyOf(extras);
  }

  /**
   * One line of the result.
   *
   * @param shareOfCeiling of the floating-point rate of the large matrix product
   * @param overhead time beyond the bare forward pass, as a share of it
   * @param processorOverhead the same in processor time of the workers, which other load on the
   *     machine hardly touches; says nothing of a GPU
   */
  public record Line(
      String name,
      double tokensPerSecond,
      double gflops,
      double shareOfCeiling,
      double overhead,
      double processorOverhead) {}

  /**
   * What the extras add to a scan with the three analyses.
   *
   * @param overhead time beyond that scan, as a share of it
   * @param processorOverhead the same in processor time
   * @param preparation seconds of processor time that a process spends once, for all its scans of a
   *     model
   */
  public record Addition(double overhead, double processorOverhead, double preparation) {}

  /**
   * @param addition null without extras
   */
  public record Result(List<Line> lines, Addition addition) {}

  /** Something to measure: what a worker does in a round. */
  @FunctionalInterface
  private interface Variant {
    void run(int worker, int round);
  }

  /**
   * Runs all rounds.
   *
   * @return the ceiling, the bare forward, the analyses of a scan, and what the extras add
   */
  public Result run() {
    try (Workers pool = new Workers(workers);
        Transformer model = RandomTransformer.gpt2Small(device)) {
      // Other tokens in every round: a trigger search that met the same ones again would keep them
      // all.
      BatchPlan[][] plans = new BatchPlan[rounds + 1][workers];
      for (int round = 0; round <= rounds; round++) {
        for (int worker = 0; worker < workers; worker++) {
          int seed = round * workers + worker;
          plans[round][worker] = plan(seed, tokensPerWorker, model, batchTokens);
        }
      }
      Map<String, Variant> variants = variants(model, plans);
      Map<String, Time[]> times = new LinkedHashMap<>();
      variants.keySet().forEach(name -> times.put(name, new Time[rounds]));
      variants.values().forEach(variant -> pool.measure(worker -> variant.run(worker, rounds)));
      Random order = new Random(1);
      for (int round = 0; round < rounds; round++) {
        List<String> names = new ArrayList<>(variants.keySet());
        Collections.shuffle(names, order);
        for (String name : names) {
          Variant variant = variants.get(name);
          int number = round;
          times.get(name)[round] = pool.measure(worker -> variant.run(worker, number));
        }
      }
      return new Result(lines(model, plans, times), addition(times));
    }
  }

  /** Random sequences in the lengths of real sentences. */
  static BatchPlan plan(int seed, int leastTokens, Transformer model, int batchTokens) {
    TextLengths lengths = TextLengths.sentences();
    Random random = new Random(seed);
    List<TokenSequence> sequences = new ArrayList<>();
    for (int tokens = 0; tokens < leastTokens; ) {
      int[] ids = random.ints(lengths.draw(random), 0, model.architecture().vocabulary()).toArray();
      sequences.add(TokenSequence.of(sequences.size(), ids));
      tokens += ids.length;
    }
    return BatchPlan.of(sequences, batchTokens);
  }

  private Map<String, Variant> variants(Transformer model, BatchPlan[][] plans) {
    Map<String, Variant> variants = new LinkedHashMap<>();
    variants.put(CEILING, (worker, round) -> EngineCeiling.multiply(device));
    variants.put(
        FORWARD,
        (worker, round) ->
            plans[round][worker]
                .batches()
                .forEach(batch -> model.observe(batch, List.of(new FullPass()))));
    if (extras.isEmpty()) {
      variants.put("forward + neuron_stats", scan(model, plans, List.of("stats")));
      variants.put("forward + trigger_prefixes", scan(model, plans, List.of("triggers")));
      variants.put("forward + activations", scan(model, plans, List.of("activations")));
    }
    variants.put(SCAN, scan(model, plans, THREE));
    if (!extras.isEmpty()) {
      // What depends on the model alone is made by the first observer of a process.
      preparation = Workers.processorSeconds(() -> observer("positions", model).close());
      List<String> all = new ArrayList<>(THREE);
      all.add("positions");
      variants.put(withExtras(), scan(model, plans, all));
    }
    return variants;
  }

  /** The extras share one observer, which looks at one position per sequence. */
  private String withExtras() {
    return "all three + "
        + extras.stream()
            .sorted()
            .map(extra -> extra.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(" + "));
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

  private Variant scan(Transformer model, BatchPlan[][] plans, List<String> analyses) {
    // Observers live on over the rounds, as over the batches of a long shard.
    List<List<ShardObserver>> observers = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      observers.add(analyses.stream().map(analysis -> observer(analysis, model)).toList());
    }
    return (worker, round) ->
        new ShardScan(
                (batch, watching) -> {
                  List<ForwardObserver> all = new ArrayList<>(watching);
                  all.add(new FullPass());
                  model.observe(batch, all);
                },
                observers.get(worker),
                tokens -> {})
            .run(plans[round][worker]);
  }

  static ShardObserver observer(String analysis, Transformer model) {
    return switch (analysis) {
      case "stats" -> new NeuronStatistics().observe(model, 0);
      case "triggers" ->
          new TriggerSearch(25, TriggerSearch.Distinct.SEQUENCE, List.of(Polarity.POSITIVE), 1)
              .observe(model, 0);
      case "positions" ->
          new PositionAnalysis(new PositionSample.PerSequence(1, 1), Lens.HEAD, TokenTraits::none)
              .observe(model, 0);
      default ->
          ActivationRecorder.observe(
              new ActivationMode.Top(32),
              model,
              (layer, sequence, position, token, neurons, coefficients, count) -> {});
    };
  }

  private List<Line> lines(Transformer model, BatchPlan[][] plans, Map<String, Time[]> times) {
    double[] flops = new double[rounds];
    double[] tokens = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      for (BatchPlan plan : plans[round]) {
        flops[round] += flops(plan, model);
        tokens[round] += plan.tokens();
      }
    }
    double ceilingFlops = EngineCeiling.OPERATIONS * workers;
    List<Line> lines = new ArrayList<>();
    times.forEach(
        (name, ofVariant) -> {
          boolean ceiling = name.equals(CEILING);
          IntToDoubleFunction work = round -> ceiling ? ceilingFlops : flops[round];
          lines.add(
              new Line(
                  name,
                  ceiling
                      ? Double.NaN
                      : median(round -> tokens[round] / ofVariant[round].elapsed()),
                  median(round -> work.applyAsDouble(round) / ofVariant[round].elapsed() / 1e9),
                  median(
                      round ->
                          (work.applyAsDouble(round) / ofVariant[round].processor())
                              / (ceilingFlops / times.get(CEILING)[round].processor())),
                  ceiling ? Double.NaN : overhead(ofVariant, times.get(FORWARD), Time::elapsed),
                  ceiling ? Double.NaN : overhead(ofVariant, times.get(FORWARD), Time::processor)));
        });
    return lines;
  }

  private Addition addition(Map<String, Time[]> times) {
    if (extras.isEmpty()) {
      return null;
    }
    Time[] with = times.get(withExtras());
    Time[] without = times.get(SCAN);
    return new Addition(
        overhead(with, without, Time::elapsed),
        overhead(with, without, Time::processor),
        preparation);
  }

  private static double flops(BatchPlan plan, Transformer model) {
    return plan.batches().stream()
        .mapToDouble(
            batch ->
                (double) batch.size()
                    * batch.length()
                    * model.architecture().flopsPerToken(batch.length()))
        .sum();
  }

  private double overhead(Time[] variant, Time[] forward, ToDoubleFunction<Time> measure) {
    return median(
        round -> measure.applyAsDouble(variant[round]) / measure.applyAsDouble(forward[round]) - 1);
  }

  private double median(IntToDoubleFunction ofRound) {
    return Workers.median(IntStream.range(0, rounds).mapToDouble(ofRound));
  }
}
