package io.github.ffncensus.jobs.bench.cluster;

import io.github.ffncensus.bench.RandomModelFolder;
import io.github.ffncensus.bench.RandomModelFolder.Shape;
import io.github.ffncensus.bench.RandomTexts;
import io.github.ffncensus.jobs.bench.cluster.CensusProcess.Memories;
import io.github.ffncensus.jobs.bench.cluster.CensusProcess.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

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

  /** Bytes. */
  record Peak(long resident, long heap) {}

  /** Of one corpus. */
  record Line(long tokens, int shards, Peak driver, Peak executor) {}

  /**
   * @param factors of the corpus
   */
  List<Line> run(List<Integer> factors) throws IOException, InterruptedException {
    Path model = work.resolve("model-memory");
    RandomModelFolder.write(model, shape, 1);
    List<Memories> memories = new ArrayList<>();
    for (int factor : factors) {
      Path corpus = work.resolve("memory-%d.txt".formatted(factor));
      long tokens = factor * shards * shardTokens;
      RandomTexts.write(corpus, tokens, shape.vocabulary(), 5);
      String name = "memory-" + factor;
      memories.add(
          new CensusProcess(work, heapMegabytes)
              .run(
                  name,
                  BenchRun.settings(
                      work,
                      name,
                      model,
                      corpus,
                      // A text more than asked for would make a shard more.
                      "ingest.shard-tokens=" + (shardTokens + 100))));
    }
    int driverLooks = looks(memories, Memories::driver);
    int executorLooks = looks(memories, Memories::executor);
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < factors.size(); i++) {
      int ofCorpus = factors.get(i) * shards;
      lines.add(
          new Line(
              ofCorpus * shardTokens,
              ofCorpus,
              peak(memories.get(i).driver(), driverLooks),
              peak(memories.get(i).executor(), executorLooks)));
    }
    return lines;
  }

  /** The fewest of any run. */
  private static int looks(List<Memories> memories, Function<Memories, Memory> process) {
    return memories.stream().mapToInt(run -> process.apply(run).heaps().size()).min().orElseThrow();
  }

  private static Peak peak(Memory memory, int looks) {
    return new Peak(memory.resident(), memory.heap(looks));
  }
}
