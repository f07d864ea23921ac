package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.exp;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.log;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What updates and erasures do, to what they edit and to the rest (section 5 of Dai). */
final class EditFindings {
  /** Published numbers of BERT-base-cased, by what is edited. */
  private enum Updates {
    KNOWLEDGE_NEURONS("update", "update", 0.485, 0.344, 8.4, 7.2),
    RANDOM_NEURONS("update_random_neurons", "update_of_random_neurons", 0.047, 0.0, null, null);

    private final String kind;
    private final String name;
    private final Double change;
    private final Double success;
    private final Double intra;
    private final Double inter;

    Updates(String kind, String name, Double change, Double success, Double intra, Double inter) {
      this.kind = kind;
      this.name = name;
      this.change = change;
      this.success = success;
      this.intra = intra;
      this.inter = inter;
    }
  }

  /** Growth of the perplexity of the relations that the paper erases, as far as it is certain. */
  private static final Map<String, Double> ERASED = Map.of("P19", 1.066, "P106", 1.282);

  private EditFindings() {}

  /**
   * @param edits rows of {@code fact_edits}
   */
  static List<Finding> of(Dataset<Row> edits) {
    List<Finding> findings = new ArrayList<>();
    for (Updates updates : Updates.values()) {
      update(edits.filter(col("kind").equalTo(updates.kind)), updates, findings);
    }
    erase(edits, "erase", "erasure", findings);
    erase(edits, "erase_random_neurons", "erasure_of_random_neurons", findings);
    return findings;
  }

  private static void update(Dataset<Row> edits, Updates updates, List<Finding> findings) {
    Row row =
        edits
            .agg(
                count(lit(1)),
                rate(col("answer_before").notEqual(col("answer_after"))),
                rate(col("target_rank_after").equalTo(1)),
                rate(col("target_rank_after").leq(5)),
                difference("intra_relation_perplexity"),
                difference("inter_relation_perplexity"),
                difference("subject_perplexity"),
                difference("text_perplexity"))
            .first();
    if (row.getLong(0) == 0) {
      return;
    }
    String of = "of %,d updates".formatted(row.getLong(0));
    add(
        findings,
        updates.name + "_change_rate",
        row,
        1,
        updates.change,
        "share " + of + " after which the judged prompt's first choice is another");
    add(
        findings,
        updates.name + "_success_rate",
        row,
        2,
        updates.success,
        "share " + of + " after which it is the new answer");
    add(
        findings,
        updates.name + "_top5_success_rate",
        row,
        3,
        null,
        "share " + of + " after which the new answer is among the first five");
    add(
        findings,
        updates.name + "_intra_relation_perplexity",
        row,
        4,
        updates.intra,
        "growth of the perplexity of other facts of the relation, averaged over updates as logarithms");
    add(
        findings,
        updates.name + "_inter_relation_perplexity",
        row,
        5,
        updates.inter,
        "the same of facts of other relations");
    add(
        findings,
        updates.name + "_subject_perplexity",
        row,
        6,
        null,
        "the same of facts of other relations about the same head");
    add(
        findings,
        updates.name + "_text_perplexity",
        row,
        7,
        null,
        "the same of a sample of the corpus");
  }

  private static void add(
      List<Finding> findings, String name, Row row, int column, Double paper, String detail) {
    findings.add(
        Finding.of(name, row.isNullAt(column) ? null : row.getDouble(column), paper, detail));
  }

  private static Column rate(Column condition) {
    return sum(when(condition, 1L).otherwise(0L)).cast("double").divide(count(lit(1)));
  }

  /** Of geometric means, exact, so that the order of addition cannot matter. */
  private static Column difference(String perplexity) {
    return mean(perplexity + "_after").minus(mean(perplexity + "_before"));
  }

  private static Column mean(String perplexity) {
    Column logarithm = log(col(perplexity)).cast("decimal(20,16)");
    return exp(sum(logarithm).cast("double").divide(count(col(perplexity))));
  }

  private static void erase(Dataset<Row> edits, String kind, String name, List<Finding> findings) {
    double own = 0;
    double others = 0;
    int relations = 0;
    for (Row row :
        edits
            .filter(col("kind").equalTo(kind))
            .filter(col("inter_relation_perplexity_before").isNotNull())
            .orderBy("relation")
            .select(
                col("relation"),
                growth("intra_relation_perplexity"),
                growth("inter_relation_perplexity"))
            .collectAsList()) {
      own += row.getDouble(1);
      others += row.getDouble(2);
      relations++;
      Double paper = ERASED.get(row.getString(0));
      if (kind.equals("erase") && paper != null) {
        findings.add(
            Finding.of(
                name + "_perplexity_" + row.getString(0),
                row.getDouble(1),
                paper,
                "(after - before) / before, of the prompts of the erased relation"));
      }
    }
    if (relations > 0) {
      findings.add(
          Finding.of(
              name + "_perplexity",
              own / relations,
              null,
              "the same, mean over %,d relations that were erased, each by itself"
                  .formatted(relations)));
      findings.add(
          Finding.of(
              name + "_perplexity_of_others",
              others / relations,
              null,
              "the same of the prompts of other relations; the paper, of four relations: 0.01 to 0.10"));
    }
  }

  private static Column growth(String perplexity) {
    return col(perplexity + "_after").divide(col(perplexity + "_before")).minus(1);
  }
}
