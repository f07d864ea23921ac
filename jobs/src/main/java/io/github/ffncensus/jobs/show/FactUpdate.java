package io.github.ffncensus.jobs.show;

import io.github.ffncensus.table.TableRow;
import java.util.Locale;

/**
 * What became of a fact's update at the prompt that it is judged by.
 *
 * @param real whether the fact's neurons were edited, or as many random ones
 * @param direction {@code embedding} or {@code head}
 * @param neurons value vectors that were edited
 * @param answer what was right
 * @param saidAfter the model's first choice
 * @param changed whether it was of other tokens before, which the texts need not show
 */
record FactUpdate(
    boolean real,
    String direction,
    int directionRank,
    int neurons,
    int promptId,
    String answer,
    String target,
    String saidAfter,
    boolean changed,
    Reading answerBefore,
    Reading answerAfter,
    Reading targetBefore,
    Reading targetAfter,
    Double othersBefore,
    Double othersAfter) {

  /** Columns of {@code fact_edits} that {@link #of} reads. */
  static final String[] COLUMNS = {
    "kind",
    "method",
    "relation",
    "fact_id",
    "edited_neurons",
    "answer",
    "target",
    "answer_after",
    "changed",
    "probability_before",
    "probability_after",
    "target_probability_before",
    "target_probability_after",
    "answer_rank_before",
    "answer_rank_after",
    "target_rank_before",
    "target_rank_after",
    "judged_prompt_id",
    "intra_relation_perplexity_before",
    "intra_relation_perplexity_after",
    "direction",
    "direction_rank"
  };

  /** Probability and rank of an answer. */
  record Reading(double probability, int rank) {
    static Reading of(TableRow row, String probability, String rank) {
      return new Reading(row.getDouble(probability), row.getInt(rank));
    }
  }

  /** Whether a row of {@code fact_edits} is of an update or its control. */
  static boolean isUpdate(TableRow row) {
    return row.getString("kind").startsWith("update");
  }

  static FactUpdate of(TableRow row) {
    return new FactUpdate(
        row.getString("kind").equals("update"),
        row.getString("direction"),
        row.getInt("direction_rank"),
        row.getInt("edited_neurons"),
        row.getInt("judged_prompt_id"),
        row.getString("answer"),
        row.getString("target"),
        row.getString("answer_after"),
        row.getBoolean("changed"),
        Reading.of(row, "probability_before", "answer_rank_before"),
        Reading.of(row, "probability_after", "answer_rank_after"),
        Reading.of(row, "target_probability_before", "target_rank_before"),
        Reading.of(row, "target_probability_after", "target_rank_after"),
        number(row, "intra_relation_perplexity_before"),
        number(row, "intra_relation_perplexity_after"));
  }

  private static Double number(TableRow row, String column) {
    return row.isNull(column) ? null : row.getDouble(column);
  }

  private boolean succeeds() {
    return targetAfter.rank == 1;
  }

  /** In words: whether the model now says what it should. */
  private String outcome() {
    if (succeeds()) {
      return "succeeds: the model says " + saidAfter;
    }
    return changed
        ? "fails: the model now says %s, not %s".formatted(saidAfter, target)
        : "fails: the model still says " + saidAfter;
  }

  /** What was edited, and by what rule. */
  String heading() {
    String rule =
        direction.equals("head")
            ? "toward the directions of the answers' logits"
            : "by embedding rows, the paper's rule";
    return real ? rule : "  the same to as many random neurons";
  }

  /** What came of it. */
  String line() {
    String others =
        othersAfter == null
            ? ""
            : String.format(
                Locale.ROOT,
                "; perplexity of other facts of the relation %.2f -> %.2f",
                othersBefore,
                othersAfter);
    return "%s; %s; %s%s"
        .formatted(
            outcome(),
            change(target, targetBefore, targetAfter),
            change(answer, answerBefore, answerAfter),
            others);
  }

  private static String change(String answer, Reading before, Reading after) {
    return String.format(
        Locale.ROOT,
        "%s %.3f -> %.3f (rank %,d -> %,d)",
        answer,
        before.probability,
        after.probability,
        before.rank,
        after.rank);
  }

  /** Why it fails and a larger weight would not help; empty if it does not, or one might. */
  String limit() {
    return succeeds() || directionRank == 1
        ? ""
        : "to the model's head this direction alone says another word: %s is its choice number %,d, so a larger weight does not help"
            .formatted(target, directionRank);
  }
}
