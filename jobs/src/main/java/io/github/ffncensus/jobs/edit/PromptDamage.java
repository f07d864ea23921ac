package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.jobs.edit.EditRow.Damage;
import io.github.ffncensus.knowledge.AnswerReading;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * How well prompts are answered before and after an edit, of any number of prompts: a relation may
 * be erased beside all others of the run. They are encoded and read in chunks, of which nothing but
 * sums remains.
 */
final class PromptDamage {
  /** Prompts that are encoded and read at once. */
  static final int CHUNK = 2_000;

  private PromptDamage() {}

  /** Encodes prompts and reads them in the edited model. */
  @FunctionalInterface
  interface Edited {
    List<AnswerReading> read(List<Row> prompts);
  }

  /**
   * Before, as {@code attribute} has read the prompts; after, as the edited model does.
   *
   * @param prompts rows of {@link SpreadPrompts#READ}
   */
  static Damage of(List<Row> prompts, Edited edited) {
    Perplexity before = new Perplexity();
    Perplexity after = new Perplexity();
    for (int from = 0; from < prompts.size(); from += CHUNK) {
      List<Row> chunk = prompts.subList(from, Math.min(prompts.size(), from + CHUNK));
      chunk.forEach(row -> before.add(row.getAs("answer_probability"), row.getAs("answer_rank")));
      edited.read(chunk).forEach(after::add);
    }
    return new Damage(before, after);
  }
}
