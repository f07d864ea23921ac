package io.github.ffncensus.jobs.plan;

import io.github.ffncensus.jobs.ingest.CorpusSampler;
import io.github.ffncensus.model.Architecture;
import java.io.PrintStream;
import java.util.Locale;

/** Prints a plan. */
public final class PlanReport {
  private static final String LINE = "  %-20s %16s   %s%n";

  private final PrintStream out;

  public PlanReport(PrintStream out) {
    this.out = out;
  }

  /**
   * @param workers that compute at the same time
   * @param gflops of each, sustained
   * @param source where that rate comes from
   */
  public void print(
      String runId,
      String model,
      Architecture architecture,
      CorpusSampler.Estimate estimate,
      CostModel cost,
      MemoryModel memory,
      int workers,
      double gflops,
      String source) {
    CorpusSize whole = estimate.whole();
    out.printf(
        "Plan of the run %s: nothing is computed.%n%nModel %s: %,d layers of %,d neurons, %s of weights%n",
        runId,
        model,
        architecture.layers(),
        architecture.intermediate(),
        bytes(cost.weightBytes()));
    out.printf(
        "Corpus: %s in files; %s%n",
        bytes(whole.bytes()),
        estimate.isWhole()
            ? "counted"
            : "estimated from %,.0f documents of %,d files (%s)"
                .formatted(
                    estimate.sample().documents(),
                    estimate.files(),
                    bytes(estimate.sample().bytes())));
    line("documents", count(whole.documents()), "");
    line("sequences", count(whole.sequences()), "");
    line(
        "tokens",
        count(whole.tokens()),
        "%.1f a sequence, special tokens included".formatted(whole.tokensPerSequence()));
    line("shards", count(cost.shards()), "a task and a unit of resuming each");
    out.printf("%nScan%n");
    double flops = cost.flops() + cost.positionFlops();
    line(
        "operations",
        "%.3g".formatted(flops),
        "floating point, padding not counted; %.0f %% of them at sampled positions"
            .formatted(100 * cost.positionFlops() / flops));
    line(
        "time",
        duration(flops / (workers * gflops * 1e9)),
        "%d at a time, %,.0f GFLOP/s each (%s)".formatted(workers, gflops, source));
    line("coefficients", bytes(cost.coefficientBytes()), "computed and read on the devices");
    line(
        "trigger candidates",
        count(cost.triggerCandidates(workers)),
        "reported by all shards together; the merge ships about "
            + bytes(cost.partialBytes(workers)));
    out.printf("%nMemory%n");
    line(
        "driver",
        bytes(memory.driver()),
        "of the heap, beside about 300 MB for Spark; grows with shards and files");
    line(
        "executor",
        bytes(memory.taskHeap(false)),
        "of the heap for each task on a CPU; on a GPU %s, and %s of the device beside the model"
            .formatted(bytes(memory.taskHeap(true)), bytes(memory.histograms(true))));
    out.printf("%nTables%n");
    cost.tableBytes().forEach((table, size) -> line(table, bytes(size), ""));
  }

  private void line(String name, String value, String remark) {
    out.print(LINE.formatted(name, value, remark).replaceAll(" +(?=\\R)", ""));
  }

  static String count(double number) {
    return String.format(Locale.ROOT, "%,.0f", number);
  }

  static String bytes(double number) {
    String[] units = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
    int unit = 0;
    double value = number;
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  }

  static String duration(double seconds) {
    if (seconds < 90) {
      return String.format(Locale.ROOT, "%.0f s", seconds);
    }
    double minutes = seconds / 60;
    if (minutes < 90) {
      return String.format(Locale.ROOT, "%.0f min", minutes);
    }
    double hours = minutes / 60;
    return hours < 72
        ? String.format(Locale.ROOT, "%.1f h", hours)
        : String.format(Locale.ROOT, "%,.1f days", hours / 24);
  }
}
