package io.github.ffncensus.jobs.bench.cluster;

import io.github.ffncensus.bench.RandomModelFolder;
import io.github.ffncensus.bench.RandomModelFolder.Shape;
import io.github.ffncensus.bench.RandomTexts;
import io.github.ffncensus.jobs.plan.CorpusSize;
import io.github.ffncensus.jobs.plan.CostModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * Trigger candidates that the shards of a scan report, over corpora of which each has twice the
 * shards of the one before and begins with it, in waves and without.
 */
final class Candidates {
  private static final int THREADS = 2;

  /**
   * One corpus. Rows are per neuron.
   *
   * @param oneByOne what a scan that reported each sequence at once would: k (1 + ln(N / k))
   */
  record Line(
      long shards,
      long sequences,
      double withoutWaves,
      double formulaWithoutWaves,
      double inWaves,
      double formulaInWaves,
      double oneByOne) {}

  private final Path work;
  private final Shape shape;
  private final long shardTokens;
  private final int doublings;

  Candidates(Path work, Shape shape, long shardTokens, int doublings) {
    this.work = work;
    this.shape = shape;
    this.shardTokens = shardTokens;
    this.doublings = doublings;
  }

  List<Line> run() throws IOException {
    Path model = work.resolve("model-candidates");
    RandomModelFolder.write(model, shape, 1);
    List<Line> lines = new ArrayList<>();
    try (SparkSession spark = LocalSpark.start(THREADS, work)) {
      for (int doubling = 0; doubling <= doublings; doubling++) {
        Path corpus = work.resolve("candidates-%d.txt".formatted(doubling));
        // The same seed: a corpus begins with the smaller one.
        RandomTexts.write(corpus, (4L << doubling) * shardTokens, shape.vocabulary(), 4);
        lines.add(line(spark, model, corpus, doubling));
        Files.delete(corpus);
      }
    }
    return lines;
  }

  private Line line(SparkSession spark, Path model, Path corpus, int doubling) throws IOException {
    long bytes = Files.size(corpus);
    Measured without = measure(spark, model, corpus, bytes, "off-" + doubling, false);
    Measured with = measure(spark, model, corpus, bytes, "on-" + doubling, true);
    int k = with.run.config().scan().triggerPrefixes().perNeuron();
    long sequences = with.run.plan().sequences();
    return new Line(
        with.run.plan().shards().size(),
        sequences,
        without.perNeuron,
        without.formula,
        with.perNeuron,
        with.formula,
        k * (1 + Math.log(sequences / (double) k)));
  }

  private record Measured(BenchRun run, double perNeuron, double formula) {}

  private Measured measure(
      SparkSession spark, Path model, Path corpus, long bytes, String runId, boolean waves)
      throws IOException {
    BenchRun run =
        BenchRun.ingest(
            spark,
            work,
            BenchRun.settings(
                work,
                runId,
                model,
                corpus,
                // A text more than asked for would make a shard more.
                "ingest.shard-tokens=" + (shardTokens + 100),
                "scan.waves.enabled=" + waves,
                "scan.activations.mode=off",
                // A first token's coefficients depend on nothing else: ties would abound.
                "scan.trigger-prefixes.min-position=2"));
    double rows =
        BenchRun.counter(run.scan(spark).result().counters(), "candidate_rows_per_neuron");
    CorpusSize size =
        new CorpusSize(
            bytes, run.plan().sequences(), run.plan().sequences(), run.plan().tokens(), bytes);
    CostModel cost = new CostModel(run.config(), run.model().architecture(), size);
    return new Measured(
        run, rows, cost.triggerCandidates(THREADS) / run.model().architecture().neurons());
  }
}
