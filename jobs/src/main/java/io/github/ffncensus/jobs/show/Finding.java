package io.github.ffncensus.jobs.show;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A claim of a paper and what a run says about it: the rows of a findings table that have one name.
 *
 * @param finding the name
 * @param detail what it counts, over what, and why a number is missing
 * @param paper the paper's numbers, in the order of the rows
 * @param model this run's numbers of the whole model, null where there is none; several are a
 *     series of another kind than layers, such as tenths
 * @param byLayer this run's numbers by layer, null where there is none
 */
public record Finding(
    String finding,
    String detail,
    Set<Double> paper,
    List<Double> model,
    SortedMap<Integer, Double> byLayer) {

  /** The tables of findings, each with the paper that it follows. */
  public static final Map<String, String> TABLES = tables();

  private static Map<String, String> tables() {
    Map<String, String> tables = new LinkedHashMap<>();
    tables.put("key_value_findings", "Geva et al. 2021");
    tables.put("knowledge_neuron_findings", "Dai et al. 2022");
    return tables;
  }

  /** The findings of a table in the order of its rows; none if the run does not have it. */
  public static List<Finding> of(PublishedTables tables, String table) {
    Map<String, Finding> findings = new LinkedHashMap<>();
    tables.forEachRow(
        table,
        row -> {
          Finding finding =
              findings.computeIfAbsent(
                  row.getString("finding"),
                  name ->
                      new Finding(
                          name,
                          row.getString("detail"),
                          new LinkedHashSet<>(),
                          new ArrayList<>(),
                          new TreeMap<>()));
          Double value = row.isNull("value") ? null : row.getDouble("value");
          if (row.isNull("layer")) {
            finding.model.add(value);
          } else {
            finding.byLayer.put(row.getInt("layer"), value);
          }
          if (!row.isNull("paper_value")) {
            finding.paper.add(row.getDouble("paper_value"));
          }
        },
        "finding",
        "layer",
        "value",
        "paper_value",
        "detail");
    return List.copyOf(findings.values());
  }

  /** A number to be read; empty for null. */
  public static String text(Double value) {
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
