package io.github.ffncensus.jobs.show;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;

/** Prints the findings of a run, a line each: the paper's number, this model's, and by layer. */
public final class FindingsList {
  /** Columns of a finding's name, at least. */
  private static final int NAME = 40;

  private final PublishedTables tables;

  /**
   * @throws io.github.ffncensus.CensusException of kind RUN_FAILED if the run has none
   */
  public FindingsList(PublishedTables tables) {
    this.tables = tables;
    if (Finding.TABLES.keySet().stream().noneMatch(tables::has)) {
      tables.require(Finding.TABLES.keySet().iterator().next(), "interpret");
    }
  }

  /**
   * @param details whether each line is followed by what it counts, and why it has no number
   */
  public void print(boolean details, PrintStream out) {
    List<Finding> findings =
        Finding.TABLES.keySet().stream()
            .flatMap(table -> Finding.of(tables, table).stream())
            .toList();
    int width = findings.stream().mapToInt(finding -> finding.finding().length()).max().orElse(0);
    String line = "%-" + Math.max(width, NAME) + "s %16s %9s   %s%n";
    out.printf(line, "", "paper", "here", "by layer from 0");
    findings.forEach(
        finding -> {
          out.printf(
              line,
              finding.finding(),
              finding.paper().stream().map(Finding::text).collect(Collectors.joining(" .. ")),
              finding.model().size() == 1 ? Finding.text(finding.model().get(0)) : "",
              series(finding));
          if (details) {
            out.printf("    %s%n", finding.detail());
          }
        });
  }

  /** Several numbers of the whole model are a series of another kind, such as tenths. */
  private static String series(Finding finding) {
    if (finding.model().size() > 1) {
      return finding.model().stream().map(Finding::text).collect(Collectors.joining("  "));
    }
    boolean fromZero =
        finding.byLayer().isEmpty() || finding.byLayer().lastKey() == finding.byLayer().size() - 1;
    return finding.byLayer().entrySet().stream()
        .map(e -> (fromZero ? "" : "layer " + e.getKey() + ": ") + Finding.text(e.getValue()))
        .collect(Collectors.joining("  "));
  }
}
