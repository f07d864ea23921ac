package io.github.ffncensus.jobs.bench.cluster;

import io.github.ffncensus.bench.RandomModelFolder.Shape;
import io.github.ffncensus.jobs.bench.cluster.MemoryGrowth.Peak;
import io.github.ffncensus.jobs.bench.cluster.Scaling.Measurement;
import io.github.ffncensus.jobs.bench.cluster.Scaling.Variant;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Runs the parts of {@code bench cluster} and prints what they find. */
public final class ClusterBenchmark {
  private static final Map<Variant, String> NAMES =
      Map.of(
          Variant.KERNEL_1, "bare kernel, 1 thread",
          Variant.KERNEL_2, "bare kernel, 2 threads",
          Variant.SCAN_1, "scan, local[1]",
          Variant.SCAN_2, "scan, local[2]");

  /** What is measured. */
  public enum Part {
    /** Two threads against one. */
    SCALING,
    /** Spark against the bare kernel, with one thread. */
    OVERHEAD,
    /** Peak memory over a corpus and over a larger one. */
    MEMORY,
    /** Candidate rows over growing corpora. */
    CANDIDATES
  }

  /**
   * How large everything is.
   *
   * @param shardSeconds of the shards of scaling and overhead, in one thread
   * @param shards of the corpus of scaling and overhead
   * @param rounds of scaling and overhead
   * @param memoryShards of the smaller corpus
   * @param memoryGrowth the larger corpus by the smaller one
   * @param doublings of the candidates' corpus
   * @param smallShardTokens tokens of a shard where memory and candidates are measured
   * @param tiny a tiny model for scaling and overhead, too
   */
  public record Settings(
      double shardSeconds,
      int shards,
      int rounds,
      int memoryShards,
      int memoryGrowth,
      int heapMegabytes,
      int doublings,
      long smallShardTokens,
      boolean tiny) {}

  private final Path work;
  private final Settings settings;
  private final PrintStream out;

  /**
   * @param work an empty folder for models, corpora and warehouse
   */
  public ClusterBenchmark(Path work, Settings settings, PrintStream out) {
    this.work = work;
    this.settings = settings;
    this.out = out;
  }

  public void run(Set<Part> parts) throws IOException, InterruptedException {
    if (parts.contains(Part.SCALING)) {
      scaling(EnumSet.allOf(Variant.class));
    } else if (parts.contains(Part.OVERHEAD)) {
      scaling(EnumSet.of(Variant.KERNEL_1, Variant.SCAN_1));
    }
    if (parts.contains(Part.MEMORY)) {
      memory();
    }
    if (parts.contains(Part.CANDIDATES)) {
      candidates();
    }
  }

  private void scaling(Set<Variant> variants) throws IOException {
    Shape shape = settings.tiny() ? Shape.TINY : Shape.GPT2_SMALL;
    Scaling scaling =
        new Scaling(work, shape, settings.shardSeconds(), settings.shards(), settings.rounds());
    scaling.run(variants);
    out.printf(
        """
        Two threads against one, and Spark's cost: %d layers of %,d neurons, %d shards of about %.0f s in one thread,
        %,d tokens; medians over %d rounds. "Processor" is seconds of processor time of the process for 1,000 tokens.
        "Over the kernel" is without the start of Java and Spark: until the last shard is done, and with merge and tables.

        %-24s %10s %10s %10s %28s %28s
        """,
        shape.layers(),
        4 * shape.hidden(),
        settings.shards(),
        settings.shardSeconds(),
        scaling.tokens(),
        settings.rounds(),
        "",
        "tokens/s",
        "speed-up",
        "processor",
        "over the kernel, elapsed",
        "over the kernel, processor");
    for (Variant variant : variants) {
      out.printf(
          "%-24s %10.0f %10s %10.3f %28s %28s%n",
          NAMES.get(variant),
          scaling.tokensPerSecond(variant),
          variant.threads() == 1 ? "" : "%.2f".formatted(scaling.speedUp(variant)),
          scaling.processorPerThousand(variant),
          variant.isScan() ? overKernel(scaling, variant, Cost::elapsed) : "",
          variant.isScan() ? overKernel(scaling, variant, Cost::processor) : "");
    }
    out.printf(
        "%nAims: a speed-up of 1.8 of local[2]; 5 %% over the kernel until the last shard, on shards of a minute.%n%n");
  }

  private static String overKernel(Scaling scaling, Variant scan, ToDoubleFunction<Cost> measure) {
    Function<Function<Measurement, Cost>, Double> over =
        part -> 100 * scaling.overKernel(scan, part, measure);
    return "%+.1f %%, %+.1f %%"
        .formatted(over.apply(Measurement::computing), over.apply(Measurement::whole));
  }

  private void memory() throws IOException, InterruptedException {
    List<MemoryGrowth.Line> lines =
        new MemoryGrowth(
                work,
                Shape.TINY,
                settings.smallShardTokens(),
                settings.memoryShards(),
                settings.heapMegabytes())
            .run(List.of(1, settings.memoryGrowth()));
    out.printf(
        """
        Peak memory of a run, in MB: driver and one executor as processes of their own, each with a heap of %d MB that is in
        real memory from the start. "Resident" is all real memory (VmHWM), "heap" the most that a full collection left
        at one of equally many looks.

        %12s %8s %18s %18s %18s %18s
        """,
        settings.heapMegabytes(),
        "tokens",
        "shards",
        "driver resident",
        "driver heap",
        "executor resident",
        "executor heap");
    for (MemoryGrowth.Line line : lines) {
      out.printf(
          "%,12d %8d %18.1f %18.1f %18.1f %18.1f%n",
          line.tokens(),
          line.shards(),
          megabytes(line.driver().resident()),
          megabytes(line.driver().heap()),
          megabytes(line.executor().resident()),
          megabytes(line.executor().heap()));
    }
    out.printf(
        "%12s %8s %18s %18s %18s %18s%n%nAim: within 10 %%.%n%n",
        "growth",
        "",
        growth(lines, MemoryGrowth.Line::driver, Peak::resident),
        growth(lines, MemoryGrowth.Line::driver, Peak::heap),
        growth(lines, MemoryGrowth.Line::executor, Peak::resident),
        growth(lines, MemoryGrowth.Line::executor, Peak::heap));
  }

  private static String growth(
      List<MemoryGrowth.Line> lines,
      Function<MemoryGrowth.Line, Peak> process,
      Function<Peak, Long> measure) {
    double before = measure.apply(process.apply(lines.get(0)));
    double after = measure.apply(process.apply(lines.get(lines.size() - 1)));
    return "%+.1f %%".formatted(100 * (after / before - 1));
  }

  private static double megabytes(long bytes) {
    return bytes / 1e6;
  }

  private void candidates() throws IOException {
    out.printf(
        """
        Trigger candidates that shards report, rows per neuron, k = 25, two tasks at a time. "Formula" is that of
        `ffn-census plan`; "one by one" is k (1 + ln(N / k)), for N sequences each reported at once.

        %8s %12s %14s %10s %14s %10s %10s
        """,
        "shards", "sequences", "without waves", "formula", "in waves", "formula", "one by one");
    for (Candidates.Line line :
        new Candidates(work, Shape.TINY, settings.smallShardTokens(), settings.doublings()).run()) {
      out.printf(
          "%8d %,12d %14.1f %10.1f %14.1f %10.1f %10.1f%n",
          line.shards(),
          line.sequences(),
          line.withoutWaves(),
          line.formulaWithoutWaves(),
          line.inWaves(),
          line.formulaInWaves(),
          line.oneByOne());
    }
    out.println();
  }
}
