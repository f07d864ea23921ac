package io.github.ffncensus.jobs.bench;

import io.github.ffncensus.jobs.bench.cluster.ClusterBenchmark;
import io.github.ffncensus.jobs.bench.cluster.ClusterBenchmark.Part;
import io.github.ffncensus.jobs.bench.cluster.ClusterBenchmark.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench cluster}. */
@Command(
    name = "cluster",
    description = {
      "Whole scans of random models under Spark, on CPUs:",
      "scaling: two threads against one;",
      "overhead: Spark's own cost over the bare kernel, measured together with scaling;",
      "memory: peak memory of driver and executor over a corpus and over one ten times as large;",
      "candidates: trigger candidates of growing corpora, in waves and without, beside the formula of plan."
    },
    mixinStandardHelpOptions = true)
final class Cluster implements Callable<Integer> {
  @Option(
      names = "--parts",
      split = ",",
      paramLabel = "PART",
      description = "Any of ${COMPLETION-CANDIDATES}; default all.")
  private Set<Part> parts = EnumSet.allOf(Part.class);

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "scaling and overhead: measurements of each variant; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--shard-seconds",
      defaultValue = "60",
      description =
          "scaling and overhead: what one thread takes for a shard; default ${DEFAULT-VALUE}.")
  private double shardSeconds;

  @Option(
      names = "--shards",
      defaultValue = "2",
      description = "scaling and overhead: shards of the corpus; default ${DEFAULT-VALUE}.")
  private int shards;

  @Option(
      names = "--tiny",
      description =
          "scaling and overhead: a tiny model instead of one in the shape of GPT-2 small.")
  private boolean tiny;

  @Option(
      names = "--memory-shards",
      defaultValue = "16",
      description = "memory: shards of the smaller corpus; default ${DEFAULT-VALUE}.")
  private int memoryShards;

  @Option(
      names = "--memory-growth",
      defaultValue = "10",
      description = "memory: the larger corpus by the smaller one; default ${DEFAULT-VALUE}.")
  private int memoryGrowth;

  @Option(
      names = "--heap",
      paramLabel = "MB",
      defaultValue = "768",
      description =
          "memory: heap of driver and of executor, at least 512; default ${DEFAULT-VALUE}.")
  private int heap;

  @Option(
      names = "--doublings",
      defaultValue = "5",
      description =
          "candidates: how often the corpus of four shards is doubled; default ${DEFAULT-VALUE}.")
  private int doublings;

  @Option(
      names = "--shard-tokens",
      defaultValue = "20000",
      description = "memory and candidates: tokens of a shard; default ${DEFAULT-VALUE}.")
  private long shardTokens;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path work = Files.createTempDirectory("ffn-census-bench");
    try {
      new ClusterBenchmark(
              work,
              new Settings(
                  shardSeconds,
                  shards,
                  rounds,
                  memoryShards,
                  memoryGrowth,
                  heap,
                  doublings,
                  shardTokens,
                  tiny),
              System.out)
          .run(parts);
      return 0;
    } finally {
      delete(work);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    }
  }
}
