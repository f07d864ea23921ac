package io.github.ffncensus.jobs.show;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Prints the findings of a run, a line each: the paper's number, this model's, and by layer. */
public final class FindingsList {
  private static final List<String> TABLES =
      List.of("key_value_findings", "knowledge_neuron_findings");

  /** Columns of a finding's name, at least. */
  private static final int NAME = 40;

  private final PublishedTables tables;

  /**
   * @throws io.github.ffncensus.CensusException of kind RUN_FAILED if the run has none
   */
  public FindingsList(PublishedTables tables) {
    this.tables = tables;
    if (TABLES.stream().noneMatch(tables::has)) {
      tables.require(TABLES.get(0), "interpret");
    }
  }

  /** Rows of one finding. */
  private static final class Entry {
    private final List<Double> model = new ArrayList<>();
    private final TreeMap<Integer, Double> byLayer = new TreeMap<>();
    private final Set<Double> paper = new LinkedHashSet<>();
    private final String finding;
    private final String detail;

    Entry(String finding, String detail) {
      this.finding = finding;
      this.detail = detail;
    }
  }

  /**
   * @param details whether each line is followed by what it counts, and why it has no number
   */
  public void print(boolean details, PrintStream out) {
    List<Entry> entries = TABLES.stream().flatMap(table -> read(table).stream()).toList();
    int width = entries.stream().mapToInt(entry -> entry.finding.length()).max().orElse(0);
    String line = "%-" + Math.max(width, NAME) + "s %16s %9s   %s%n";
    out.printf(line, "", "paper", "here", "by layer from 0");
    entries.forEach(
        entry -> {
          out.printf(
              line,
              entry.finding,
              entry.paper.stream().map(FindingsList::number).collect(Collectors.joining(" .. ")),
              entry.model.size() == 1 ? number(entry.model.get(0)) : "",
              series(entry));
          if (details) {
            out.printf("    %s%n", entry.detail);
          }
        });
  }

  private List<Entry> read(String table) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    tables.forEachRow(
        table,
        row -> {
          Entry entry =
              entries.computeIfAbsent(
                  row.getString("finding"), name -> new Entry(name, row.getString("detail")));
          Double value = row.isNull("value") ? null : row.getDouble("value");
          if (row.isNull("layer")) {
            entry.model.add(value);
          } else {
            entry.byLayer.put(row.getInt("layer"), value);
          }
          if (!row.isNull("paper_value")) {
            entry.paper.add(row.getDouble("paper_value"));
          }
        },
        "finding",
        "layer",
        "value",
        "paper_value",
        "detail");
    return List.copyOf(entries.values());
  }

  /** Several numbers of the whole model are a series of another kind, such as tenths. */
  private static String series(Entry entry) {
    if (entry.model.size() > 1) {
      return entry.model.stream().map(FindingsList::number).collect(Collectors.joining("  "));
    }
    boolean fromZero =
        entry.byLayer.isEmpty() || entry.byLayer.lastKey() == entry.byLayer.size() - 1;
    return entry.byLayer.entrySet().stream()
        .map(e -> (fromZero ? "" : "layer " + e.getKey() + ": ") + number(e.getValue()))
        .collect(Collectors.joining("  "));
  }

  private static String number(Double value) {
    if (value == null) {
      return "";
    }
    double size = Math.abs(value);
    if (size != 0 && size < 0.0005) {
      return String.format(Locale.ROOT, "%.1e", value);
    }
    return String.format(Locale.ROOT, size < 100 ? "%.3f" : "%,.0f", value);
  }
}
