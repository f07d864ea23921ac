package io.github.ffncensus.jobs.knowledge;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.exp;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.log;
import static org.apache.spark.sql.functions.median;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.github.ffncensus.jobs.task.Finding;
import io.github.ffncensus.knowledge.edit.Direction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What updates of facts do, to the facts and to the rest (section 5.1 of Dai). */
final class UpdateFindings {
  private static final int UPDATES = 2;
  private static final int ONE_TOKEN = 3;

  /** What is updated, with the published change and success rates and growths of perplexity. */
  private enum Kind {
    KNOWLEDGE_NEURONS(
        "update",
        "update",
        Published.verified(0.485),
        Published.verified(0.344),
        Published.verified(8.4),
        Published.verified(7.2)),
    RANDOM_NEURONS(
        "update_random_neurons",
        "update_of_random_neurons",
        Published.verified(0.047),
        Published.verified(0.0),
        Published.remembered(10.1),
        Published.remembered(4.3));

    private final String key;
    private final String name;
    private final Published change;
    private final Published success;
    private final Published intra;
    private final Published inter;

    Kind(
        String key,
        String name,
        Published change,
        Published success,
        Published intra,
        Published inter) {
      this.key = key;
      this.name = name;
      this.change = change;
      this.success = success;
      this.intra = intra;
      this.inter = inter;
    }
  }

  private UpdateFindings() {}

  /** The published numbers beside nothing. */
  static List<Finding> missing(String why) {
    List<Finding> findings = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      findings.add(kind.change.finding(kind.name + "_change_rate", null, why));
      findings.add(kind.success.finding(kind.name + "_success_rate", null, why));
      findings.add(kind.intra.finding(kind.name + "_intra_relation_perplexity", null, why));
      findings.add(kind.inter.finding(kind.name + "_inter_relation_perplexity", null, why));
    }
    return findings;
  }

  /** How many facts are updated; each has one update in each direction. */
  static long updated(Dataset<Row> edits) {
    return edits
        .filter(col("kind").equalTo(Kind.KNOWLEDGE_NEURONS.key))
        .select("relation", "fact_id")
        .distinct()
        .count();
  }

  /**
   * @param edits rows of {@code fact_edits}
   * @param prompts rows of {@code fact_edit_prompts}
   * @param account what became of the facts of the run
   */
  static List<Finding> of(Dataset<Row> edits, Dataset<Row> prompts, String account) {
    Map<String, Row> rows = new HashMap<>();
    Map<String, Row> ofPrompts = ofPrompts(prompts);
    Column oneToken = oneToken();
    for (Row row :
        edits
            .filter(col("fact_id").isNotNull())
            .groupBy("kind", "direction")
            .agg(
                count(lit(1)),
                number(oneToken),
                number(col("changed")),
                number(oneToken.and(col("target_rank_after").equalTo(1))),
                number(oneToken.and(col("target_rank_after").leq(5))),
                number(col("target_rank_after").equalTo(1)),
                number(col("target_first_token_predicted")),
                median(col("direction_rank")).cast("double"),
                number(col("direction_rank").equalTo(1)),
                growth("intra_relation_perplexity"),
                growth("inter_relation_perplexity"),
                growth("subject_perplexity"),
                growth("text_perplexity"))
            .collectAsList()) {
      rows.put(row.getString(0) + " " + row.getString(1), row);
    }
    List<Finding> findings = new ArrayList<>();
    for (Direction direction : Direction.values()) {
      for (Kind kind : Kind.values()) {
        Row row = rows.get(kind.key + " " + direction.key());
        if (row != null || direction == Direction.EMBEDDING) {
          new Rows(kind, direction, row, account, ofPrompts, findings).add();
        }
      }
    }
    return findings;
  }

  /** Of all prompts of updated facts, by kind, direction and part in finding the neurons. */
  private static Map<String, Row> ofPrompts(Dataset<Row> prompts) {
    Map<String, Row> rows = new HashMap<>();
    for (Row row :
        prompts
            .groupBy("kind", "direction", "localising")
            .agg(
                count(lit(1)),
                number(oneToken()),
                number(col("changed")),
                number(oneToken().and(col("target_rank_after").equalTo(1))))
            .collectAsList()) {
      rows.put(row.getString(0) + " " + row.getString(1) + " " + row.getBoolean(2), row);
    }
    return rows;
  }

  private static Column oneToken() {
    return col("answer_tokens").equalTo(1).and(col("target_tokens").equalTo(1));
  }

  private static Column number(Column condition) {
    return sum(when(condition, 1L).otherwise(0L));
  }

  /** Of geometric means, exact, so that the order of addition cannot matter. */
  private static Column growth(String perplexity) {
    return mean(perplexity + "_after").minus(mean(perplexity + "_before"));
  }

  private static Column mean(String perplexity) {
    Column logarithm = log(col(perplexity)).cast("decimal(20,16)");
    return exp(sum(logarithm).cast("double").divide(count(col(perplexity))));
  }

  /**
   * The findings of one kind and direction.
   *
   * @param row counts and growths; null if there is no such update
   * @param prompts as {@link UpdateFindings#ofPrompts} has them
   */
  private record Rows(
      Kind kind,
      Direction direction,
      Row row,
      String account,
      Map<String, Row> prompts,
      List<Finding> findings) {

    void add() {
      String updates = row == null ? "no updates" : "%,d updates".formatted(row.getLong(UPDATES));
      String ofOneToken =
          row == null
              ? "no updates"
              : "%,d updates whose old and new answers have one token"
                  .formatted(row.getLong(ONE_TOKEN));
      add(
          "change_rate",
          kind.change,
          share(4, UPDATES),
          "share of %s after which the judged prompt's first choice is another; %s"
              .formatted(updates, account));
      add(
          "success_rate",
          kind.success,
          share(5, ONE_TOKEN),
          "share of %s after which the new answer is the judged prompt's first choice; %s"
              .formatted(ofOneToken, account));
      if (row != null) {
        rates(updates, ofOneToken);
        prompts(true, "localising", "that had a part in finding the neurons");
        prompts(
            false,
            "held_out",
            "that had no part in finding the neurons (attribute.held-out-share makes such prompts)");
      }
      add(
          "intra_relation_perplexity",
          kind.intra,
          number(11),
          "growth of the perplexity of other facts of the relation, averaged over %s as logarithms"
              .formatted(updates));
      add(
          "inter_relation_perplexity",
          kind.inter,
          number(12),
          "the same of facts of other relations; " + updates);
      if (row != null) {
        add(
            "subject_perplexity",
            null,
            number(13),
            "the same of facts of other relations about the same head");
        add("text_perplexity", null, number(14), "the same of a sample of the corpus");
      }
    }

    /** Rates over all prompts of the updated facts that had a part in finding neurons, or none. */
    private void prompts(boolean localising, String variant, String which) {
      Row of = prompts.get(kind.key + " " + direction.key() + " " + localising);
      long all = of == null ? 0 : of.getLong(3);
      long ofOneToken = of == null ? 0 : of.getLong(4);
      add(
          "change_rate_" + variant,
          null,
          all == 0 ? null : (double) of.getLong(5) / all,
          "share of %,d prompts of updated facts %s, whose first choice is then another"
              .formatted(all, which));
      add(
          "success_rate_" + variant,
          null,
          ofOneToken == 0 ? null : (double) of.getLong(6) / ofOneToken,
          "share of %,d prompts of updated facts %s, with old and new answers of one token, whose first choice is then the new answer"
              .formatted(ofOneToken, which));
    }

    private void rates(String updates, String ofOneToken) {
      add(
          "top5_success_rate",
          null,
          share(6, ONE_TOKEN),
          "share of %s after which the new answer is among the first five".formatted(ofOneToken));
      add(
          "success_rate_of_all",
          null,
          share(7, UPDATES),
          "share of %s after which all tokens of the new answer are first choices, though only the first was written"
              .formatted(updates));
      add(
          "first_token_success_rate",
          null,
          share(8, UPDATES),
          "share of %s after which the new answer's first token is first choice"
              .formatted(updates));
      if (kind == Kind.KNOWLEDGE_NEURONS) {
        add(
            "direction_rank",
            null,
            number(9),
            "median rank of the new answer's first token when the model's last norm and head read %s alone, which is what an update comes to as edit.update.new-weight grows: where it is above 1, a larger weight does not help"
                .formatted(
                    direction == Direction.EMBEDDING
                        ? "its embedding row"
                        : "the direction of its logit"));
        add(
            "direction_names_answer",
            null,
            share(10, UPDATES),
            "share of %s whose direction, read alone, has the new answer's first token as first choice"
                .formatted(updates));
      }
    }

    /**
     * @param published of the paper's direction; null if the paper gives none
     */
    private void add(String what, Published published, Double value, String detail) {
      boolean asPaper = direction == Direction.EMBEDDING;
      String name = kind.name + "_" + what + (asPaper ? "" : "_by_" + direction.key());
      findings.add(
          asPaper && published != null
              ? published.finding(name, value, detail)
              : Finding.of(name, value, null, detail));
    }

    private Double share(int part, int whole) {
      return row == null || row.getLong(whole) == 0
          ? null
          : (double) row.getLong(part) / row.getLong(whole);
    }

    private Double number(int column) {
      return row == null || row.isNullAt(column) ? null : row.getDouble(column);
    }
  }
}
