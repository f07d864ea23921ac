package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What the erasure of relations does, to them and to the rest (section 5.2 of Dai). */
final class ErasureFindings {
  private static final String KIND = "erase";
  private static final String CONTROL = "erase_random_neurons";

  /**
   * Perplexities before and after, and their published growth.
   *
   * @param verified whether the numbers were found in print
   */
  private record Table(double before, double after, double growth, boolean verified) {}

  /** The relations that the paper erases: their own prompts, and those of others. */
  private enum Erased {
    P19(new Table(1450, 2996, 1.066, true), new Table(120.3, 121.6, 0.011, false)),
    P27(new Table(28.0, 38.3, 0.367, false), new Table(143.6, 149.5, 0.042, false)),
    P106(new Table(2279, 5202, 1.282, true), new Table(120.1, 125.3, 0.043, false)),
    P937(new Table(58.0, 140.0, 1.412, false), new Table(138.0, 151.9, 0.101, false));

    private final Table own;
    private final Table others;

    Erased(Table own, Table others) {
      this.own = own;
      this.others = others;
    }
  }

  private ErasureFindings() {}

  /** The published numbers beside nothing. */
  static List<Finding> missing(String why) {
    List<Finding> findings = new ArrayList<>();
    for (Erased erased : Erased.values()) {
      add(erased, null, why, findings);
    }
    return findings;
  }

  /**
   * @param edits rows of {@code fact_edits}
   */
  static List<Finding> of(Dataset<Row> edits) {
    Map<String, List<Row>> kinds = new HashMap<>();
    for (Row row :
        edits
            .filter(col("fact_id").isNull())
            .orderBy("kind", "relation")
            .select(
                col("kind"),
                col("relation"),
                col("intra_relation_perplexity_before"),
                col("intra_relation_perplexity_after"),
                growth("intra_relation_perplexity"),
                col("inter_relation_perplexity_before"),
                col("inter_relation_perplexity_after"),
                growth("inter_relation_perplexity"))
            .collectAsList()) {
      kinds.computeIfAbsent(row.getString(0), kind -> new ArrayList<>()).add(row);
    }
    List<Finding> findings = new ArrayList<>();
    List<Row> erasures = kinds.getOrDefault(KIND, List.of());
    for (Erased erased : Erased.values()) {
      Row row =
          erasures.stream()
              .filter(erasure -> erasure.getString(1).equals(erased.name()))
              .findFirst()
              .orElse(null);
      String what = row == null ? "this run erases no relation " + erased : "relation " + erased;
      add(erased, row, what, findings);
    }
    means("erasure", erasures, findings);
    means("erasure_of_random_neurons", kinds.getOrDefault(CONTROL, List.of()), findings);
    return findings;
  }

  private static Column growth(String perplexity) {
    return col(perplexity + "_after").divide(col(perplexity + "_before")).minus(1);
  }

  /**
   * The six numbers of a relation of the paper.
   *
   * @param row null if the run has not erased it
   */
  private static void add(Erased erased, Row row, String what, List<Finding> findings) {
    add(erased, "erasure_perplexity", erased.own, row, 2, what + ", its prompts", findings);
    add(
        erased,
        "erasure_perplexity_of_others",
        erased.others,
        row,
        5,
        what + ", prompts of other relations",
        findings);
  }

  private static void add(
      Erased erased,
      String name,
      Table table,
      Row row,
      int column,
      String what,
      List<Finding> findings) {
    findings.add(
        new Published(table.growth, table.verified)
            .finding(
                name + "_" + erased,
                value(row, column + 2),
                what + ": growth of the perplexity, (after - before) / before"));
    findings.add(
        new Published(table.before, table.verified)
            .finding(name + "_before_" + erased, value(row, column), what + ": perplexity before"));
    findings.add(
        new Published(table.after, table.verified)
            .finding(
                name + "_after_" + erased, value(row, column + 1), what + ": perplexity after"));
  }

  private static void means(String name, List<Row> erasures, List<Finding> findings) {
    if (!erasures.isEmpty()) {
      mean(name + "_perplexity", "the erased relation's prompts", erasures, 4, findings);
      mean(name + "_perplexity_of_others", "prompts of other relations", erasures, 7, findings);
    }
  }

  private static void mean(
      String name, String of, List<Row> erasures, int column, List<Finding> findings) {
    List<Double> growths =
        erasures.stream().map(row -> value(row, column)).filter(Objects::nonNull).toList();
    Double mean =
        growths.isEmpty()
            ? null
            : growths.stream().mapToDouble(Double::doubleValue).sum() / growths.size();
    findings.add(
        Finding.of(
            name,
            mean,
            null,
            "(after - before) / before of the perplexity of %s, mean over %,d relations that were erased, each by itself"
                .formatted(of, growths.size())));
  }

  private static Double value(Row row, int column) {
    return row == null || row.isNullAt(column) ? null : row.getDouble(column);
  }
}
