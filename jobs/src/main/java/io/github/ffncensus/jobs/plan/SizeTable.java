package io.github.ffncensus.jobs.plan;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.config.ConfigLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables of {@code docs/scale.md}, from the formulas of {@code plan}. */
public final class SizeTable {
  private SizeTable() {}

  /** With the defaults of the configuration. */
  public static String withDefaults() throws IOException {
    return table(false);
  }

  /** With what the page advises. */
  public static String asAdvised() throws IOException {
    return table(true);
  }

  private static String table(boolean advised) throws IOException {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    for (SizeCase model : SizeCase.ALL) {
      List<String> settings = advised ? model.settings() : List.of();
      column(model, settings)
          .forEach((name, cell) -> rows.computeIfAbsent(name, n -> new ArrayList<>()).add(cell));
    }
    Stream<String> head =
        Stream.of(
            line("", SizeCase.ALL.stream().map(SizeCase::name).toList()),
            line("---", Collections.nCopies(SizeCase.ALL.size(), "---:")));
    return Stream.concat(head, rows.entrySet().stream().map(r -> line(r.getKey(), r.getValue())))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static String line(String name, List<String> cells) {
    return "| " + name + " | " + String.join(" | ", cells) + " |";
  }

  private static Map<String, String> column(SizeCase model, List<String> settings)
      throws IOException {
    CorpusSize corpus = model.corpus();
    CensusConfig config = config(settings);
    CostModel cost = new CostModel(config, model.architecture(), corpus);
    MemoryModel memory = new MemoryModel(config, model.architecture(), corpus);
    int workers = model.workers();
    double seconds = 1 / (model.gflops() * 1e9);
    double neurons = model.architecture().neurons();
    Map<String, Double> tables = cost.tableBytes();
    Map<String, String> cells = new LinkedHashMap<>();
    cells.put(
        "computing",
        "%,d %s".formatted(workers, model.onGpu() ? "GPUs" : "cores")
            + " at %,.0f GFLOP/s".formatted(model.gflops()));
    cells.put("neurons", PlanReport.count(neurons));
    cells.put("weights, on every device", PlanReport.bytes(cost.weightBytes()));
    cells.put("operations of the forward passes", "%.1e".formatted(cost.flops()));
    cells.put("operations at sampled positions", "%.1e".formatted(cost.positionFlops()));
    cells.put(
        "time", PlanReport.duration((cost.flops() + cost.positionFlops()) * seconds / workers));
    cells.put("corpus in files", PlanReport.bytes(corpus.bytes()));
    cells.put("read by the scan", PlanReport.bytes(cost.readBytes()));
    cells.put("coefficients seen on the devices", PlanReport.bytes(cost.coefficientBytes()));
    cells.put("shards", PlanReport.count(cost.shards()));
    cells.put(
        "time of a shard",
        PlanReport.duration((cost.flops() + cost.positionFlops()) * seconds / cost.shards()));
    cells.put("waves", PlanReport.count(cost.waves(workers)));
    cells.put("candidate rows per neuron, without waves", candidates(model, settings, false));
    cells.put("candidate rows per neuron, in waves", candidates(model, settings, true));
    cells.put(
        "partial results, trigger candidates", PlanReport.bytes(cost.candidateBytes(workers)));
    cells.put("partial results, statistics", PlanReport.bytes(cost.statisticsBytes()));
    for (String table : List.of("sequences", "neuron_stats", "trigger_prefixes", "activations")) {
      cells.put(
          "`" + table + "`",
          tables.containsKey(table) ? PlanReport.bytes(tables.get(table)) : "off");
    }
    cells.put("files of `activations`", PlanReport.count(memory.activationFiles()));
    cells.put("driver, heap that grows", PlanReport.bytes(memory.driver()));
    cells.put("executor, heap of a task", PlanReport.bytes(memory.taskHeap(model.onGpu())));
    cells.put(
        "histograms on the device",
        model.onGpu() ? PlanReport.bytes(memory.histograms(true)) : "in the heap");
    return cells;
  }

  private static String candidates(SizeCase model, List<String> settings, boolean waves)
      throws IOException {
    List<String> all = new ArrayList<>(settings);
    all.add("scan.waves.enabled=" + waves);
    CostModel cost = new CostModel(config(all), model.architecture(), model.corpus());
    return PlanReport.count(
        cost.triggerCandidates(model.workers()) / model.architecture().neurons());
  }

  private static CensusConfig config(List<String> settings) throws IOException {
    Path empty = Files.createTempFile("ffn-census-sizes", ".conf");
    try {
      List<String> all =
          new ArrayList<>(List.of("run-id=r", "warehouse=w", "model.path=m", "corpus.input=c"));
      all.addAll(settings);
      return ConfigLoader.load(empty, all);
    } finally {
      Files.delete(empty);
    }
  }
}
