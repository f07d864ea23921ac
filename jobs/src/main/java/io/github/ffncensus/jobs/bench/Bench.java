package io.github.ffncensus.jobs.bench;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.bench.ScanBenchmark;
import io.github.ffncensus.bench.ScanBenchmark.Addition;
import io.github.ffncensus.bench.ScanBenchmark.Extra;
import io.github.ffncensus.bench.ScanBenchmark.Line;
import io.github.ffncensus.bench.ScanBenchmark.Result;
import io.github.ffncensus.model.DeviceChoice;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Benchmarks. All but {@code cluster} and {@code sizes} measure the compute kernel and need no
 * Spark: {@code java -cp JAR ...Bench scan}.
 */
@Command(
    name = "bench",
    description = "Benchmarks of the compute kernel and of whole scans.",
    mixinStandardHelpOptions = true,
    subcommands = {
      Bench.Scan.class,
      Attribution.class,
      Dimensions.class,
      Entities.class,
      Cluster.class,
      Sizes.class
    })
public final class Bench {

  private Bench() {}

  public static void main(String[] args) {
    CommandLine command = new CommandLine(new Bench());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    command.setExecutionExceptionHandler(
        (e, line, result) -> {
          if (e instanceof CensusException known) {
            line.getErr().println("bench: " + known.getMessage());
            return known.kind().exitCode();
          }
          throw e;
        });
    System.exit(command.execute(args));
  }

  /** {@code bench scan}. */
  @Command(
      name = "scan",
      description =
          "The engine's matrix-product ceiling, the forward pass of a GPT-2-small-shaped random model on"
              + " sentences of real lengths, and the same with the analyses of a scan; medians over rounds.",
      mixinStandardHelpOptions = true)
  static final class Scan implements Callable<Integer> {
    @Option(
        names = "--device",
        defaultValue = "auto",
        description = "auto, cpu or gpu:N; default ${DEFAULT-VALUE}.")
    private String device;

    @Option(
        names = "--workers",
        description = "Threads that compute at once; default: one per processor, one on a GPU.")
    private int workers;

    @Option(
        names = "--rounds",
        defaultValue = "5",
        description = "Measurements of each variant; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
        names = "--tokens",
        defaultValue = "4096",
        description = "Tokens per worker and measurement; default ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
        names = "--batch-tokens",
        defaultValue = "4096",
        description = "Token budget of a batch; default ${DEFAULT-VALUE}.")
    private int batchTokens;

    @Option(
        names = "--with",
        split = ",",
        paramLabel = "ANALYSIS",
        description =
            "Measures what these add to a scan with neuron_stats, trigger_prefixes and activations, at one position per"
                + " sequence: ${COMPLETION-CANDIDATES}.")
    private Set<Extra> with = Set.of();

    @Override
    public Integer call() {
      ai.djl.Device on = DeviceChoice.resolve(device, List.of());
      int threads =
          workers > 0 ? workers : on.isGpu() ? 1 : Runtime.getRuntime().availableProcessors();
      Result result = new ScanBenchmark(on, threads, rounds, tokens, batchTokens, with).run();
      print(result.lines(), System.out);
      if (result.addition() != null) {
        print(result.addition(), System.out);
      }
      System.out.printf(
          "%d workers, %d rounds, %,d tokens per worker and round, batches of %,d tokens, on %s%n",
          threads, rounds, tokens, batchTokens, on);
      return 0;
    }

    private static void print(List<Line> lines, PrintStream out) {
      out.printf(
          "%-28s %10s %10s %12s %10s %16s%n",
          "", "tokens/s", "GFLOP/s", "of ceiling", "overhead", "processor time");
      for (Line line : lines) {
        out.printf(
            "%-28s %10s %10.0f %11.0f%% %10s %16s%n",
            line.name(),
            Double.isNaN(line.tokensPerSecond()) ? "" : "%,.0f".formatted(line.tokensPerSecond()),
            line.gflops(),
            100 * line.shareOfCeiling(),
            percent(line.overhead()),
            percent(line.processorOverhead()));
      }
    }

    private void print(Addition addition, PrintStream out) {
      out.printf(
          "%s: %s on top of the scan with all three (%s in processor time), and %.1f s of processor time once per process%n",
          with.stream()
              .sorted()
              .map(extra -> extra.name().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(" and ")),
          percent(addition.overhead()),
          percent(addition.processorOverhead()),
          addition.preparation());
    }

    private static String percent(double share) {
      return Double.isNaN(share) ? "" : "%+.0f%%".formatted(100 * share);
    }
  }
}
