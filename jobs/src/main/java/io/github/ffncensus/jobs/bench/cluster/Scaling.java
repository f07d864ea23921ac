package io.github.ffncensus.jobs.bench.cluster;

import io.github.ffncensus.analysis.BatchPlan;
import io.github.ffncensus.bench.RandomModelFolder;
import io.github.ffncensus.bench.RandomModelFolder.Shape;
import io.github.ffncensus.bench.RandomTexts;
import io.github.ffncensus.bench.ShardKernel;
import io.github.ffncensus.model.DeviceChoice;
import io.github.ffncensus.model.ModelFolder;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.SharedTransformers;
import io.github.ffncensus.model.Transformer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * A scan in local mode with one thread and with two, each beside the bare kernel on the same
 * sequences with as many threads. Every round measures all of them, each second round in reverse
 * order, so that a change in the machine's load meets all alike; the figures are medians over
 * rounds. All share one process and its weights.
 */
final class Scaling {
  private static final int CALIBRATION_TOKENS = 2000;

  /** What is measured: the kernel or a scan, with a number of threads. */
  enum Variant {
    KERNEL_1(1),
    KERNEL_2(2),
    SCAN_1(1),
    SCAN_2(2);

    private final int threads;

    Variant(int threads) {
      this.threads = threads;
    }

    int threads() {
      return threads;
    }

    boolean isScan() {
      return this == SCAN_1 || this == SCAN_2;
    }

    /** The kernel with as many threads. */
    Variant kernel() {
      return threads == 1 ? KERNEL_1 : KERNEL_2;
    }

    /** The same with one thread. */
    Variant alone() {
      return isScan() ? SCAN_1 : KERNEL_1;
    }
  }

  /**
   * One variant in one round.
   *
   * @param computing the kernel, or a scan until its last shard is done
   * @param whole the same with merge and tables
   */
  record Measurement(Cost computing, Cost whole) {}

  private final Path work;
  private final Shape shape;
  private final double shardSeconds;
  private final int shards;
  private final int rounds;
  private final Map<Variant, List<Measurement>> measured = new EnumMap<>(Variant.class);
  private long tokens;

  /**
   * @param work folder for models, corpora and warehouse
   * @param shardSeconds that one thread of the kernel takes for a shard
   */
  Scaling(Path work, Shape shape, double shardSeconds, int shards, int rounds) {
    this.work = work;
    this.shape = shape;
    this.shardSeconds = shardSeconds;
    this.shards = shards;
    this.rounds = rounds;
  }

  /**
   * @param variants to measure
   */
  void run(Set<Variant> variants) throws IOException {
    Path model = work.resolve("model-scaling");
    RandomModelFolder.write(model, shape, 1);
    ModelFolder opened = ModelFolder.open(model);
    Transformer transformer =
        SharedTransformers.get(
            model,
            opened.weightsSha256(),
            DeviceChoice.resolve("cpu", List.of()),
            Precision.FLOAT32);
    Path warmUp = work.resolve("warm-up.txt");
    RandomTexts.write(warmUp, 2 * CALIBRATION_TOKENS, shape.vocabulary(), 2);
    BenchRun small = ingest(model, warmUp, "warm-up", "ingest.shard-tokens=" + CALIBRATION_TOKENS);
    int batchTokens =
        BatchPlan.budgetOnHost(
            small.config().scan().batchTokens(), opened.architecture().intermediate());
    double rate = ShardKernel.tokensPerSecond(transformer, CALIBRATION_TOKENS, batchTokens);
    withSpark(2, small::scan);
    long shardTokens = Math.max(1, (long) (rate * shardSeconds));
    Path corpus = work.resolve("scaling.txt");
    RandomTexts.write(corpus, shards * shardTokens, shape.vocabulary(), 3);
    // A text more than asked for would make a shard more.
    BenchRun run = ingest(model, corpus, "scaling", "ingest.shard-tokens=" + (shardTokens + 100));
    tokens = run.plan().tokens();
    ShardKernel kernel =
        new ShardKernel(transformer, run.sequences(new Configuration()), batchTokens);
    List<Variant> order = new ArrayList<>(variants);
    for (int round = 0; round < rounds; round++) {
      for (Variant variant : order) {
        measured
            .computeIfAbsent(variant, v -> new ArrayList<>())
            .add(measure(variant, run, kernel));
      }
      Collections.reverse(order);
    }
  }

  private Measurement measure(Variant variant, BenchRun run, ShardKernel kernel) {
    if (variant.isScan()) {
      BenchRun.Scan scan = withSpark(variant.threads(), run::scan);
      return new Measurement(scan.shards(), scan.whole());
    }
    Cost cost = Cost.measure(() -> kernel.run(variant.threads()));
    return new Measurement(cost, cost);
  }

  private BenchRun ingest(Path model, Path corpus, String runId, String setting)
      throws IOException {
    try (SparkSession spark = LocalSpark.start(2, work)) {
      return BenchRun.ingest(spark, work, BenchRun.settings(work, runId, model, corpus, setting));
    }
  }

  private BenchRun.Scan withSpark(int threads, Function<SparkSession, BenchRun.Scan> scan) {
    SparkSession spark = LocalSpark.start(threads, work);
    try {
      return scan.apply(spark);
    } finally {
      spark.stop();
    }
  }

  long tokens() {
    return tokens;
  }

  /** Median over rounds of tokens per second. */
  double tokensPerSecond(Variant variant) {
    return median(round -> tokens / at(variant, round).computing().elapsed());
  }

  /** Median over rounds of seconds of processor time per 1,000 tokens. */
  double processorPerThousand(Variant variant) {
    return median(round -> 1000 * at(variant, round).computing().processor() / tokens);
  }

  /** Median over rounds of how many times faster than the same with one thread. */
  double speedUp(Variant variant) {
    return median(
        round ->
            at(variant.alone(), round).computing().elapsed()
                / at(variant, round).computing().elapsed());
  }

  /**
   * Median over rounds of what a scan costs beyond the kernel with as many threads, as a share.
   *
   * @param part of the scan
   * @param measure elapsed or processor time
   */
  double overKernel(
      Variant scan, Function<Measurement, Cost> part, ToDoubleFunction<Cost> measure) {
    return median(
        round ->
            measure.applyAsDouble(part.apply(at(scan, round)))
                    / measure.applyAsDouble(at(scan.kernel(), round).computing())
                - 1);
  }

  private Measurement at(Variant variant, int round) {
    return measured.get(variant).get(round);
  }

  private double median(IntToDoubleFunction ofRound) {
    double[] sorted = IntStream.range(0, rounds).mapToDouble(ofRound).sorted().toArray();
    int middle = rounds / 2;
    return rounds % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
