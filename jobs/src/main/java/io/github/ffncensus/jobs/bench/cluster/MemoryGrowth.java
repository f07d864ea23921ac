package io.github.ffncensus.jobs.bench.cluster;

import io.github.ffncensus.bench.RandomModelFolder;
import io.github.ffncensus.bench.RandomModelFolder.Shape;
import io.github.ffncensus.bench.RandomTexts;
import io.github.ffncensus.jobs.bench.cluster.CensusProcess.Peaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Peak memory of driver and executor over a corpus, and over one that is so many times larger. */
final class MemoryGrowth {
  private final Path work;
  private final Shape shape;
  private final long shardTokens;
  private final int shards;
  private final int heapMegabytes;

  /**
   * @param shards of the smaller corpus
   */
  MemoryGrowth(Path work, Shape shape, long shardTokens, int shards, int heapMegabytes) {
    this.work = work;
    this.shape = shape;
    this.shardTokens = shardTokens;
    this.shards = shards;
    this.heapMegabytes = heapMegabytes;
  }

  /** Of one corpus. */
  record Line(long tokens, int shards, Peaks peaks) {}

  /**
   * @param factors of the corpus
   */
  List<Line> run(List<Integer> factors) throws IOException, InterruptedException {
    Path model = work.resolve("model-memory");
    RandomModelFolder.write(model, shape, 1);
    List<Line> lines = new ArrayList<>();
    for (int factor : factors) {
      Path corpus = work.resolve("memory-%d.txt".formatted(factor));
      long tokens = factor * shards * shardTokens;
      RandomTexts.write(corpus, tokens, shape.vocabulary(), 5);
      String name = "memory-" + factor;
      Peaks peaks =
          new CensusProcess(work, heapMegabytes)
              .run(
                  name,
                  BenchRun.settings(
                      work,
                      name,
                      model,
                      corpus,
                      // A text more than asked for would make a shard more.
                      "ingest.shard-tokens=" + (shardTokens + 100)));
      lines.add(new Line(tokens, factor * shards, peaks));
    }
    return lines;
  }
}
