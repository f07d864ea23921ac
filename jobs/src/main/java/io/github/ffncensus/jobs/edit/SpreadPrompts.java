package io.github.ffncensus.jobs.edit;

import io.github.ffncensus.SeededHash;
import io.github.ffncensus.jobs.knowledge.FactKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Gives a prompt to the erasure of its own relation, and to those of others if it is drawn: the
 * same prompts for all of them, as far as possible.
 */
final class SpreadPrompts implements FlatMapFunction<Row, Row> {
  /** A prompt to be read when the relation of a task is erased. */
  static final StructType READ =
      StructType.fromDDL(
          "work INT, own BOOLEAN, relation STRING, fact_id STRING, prompt_id INT, prompt STRING,"
              + " answer STRING, answer_probability DOUBLE, answer_rank INT");

  private static final long serialVersionUID = 1L;

  private final List<String> erased;
  private final LinkedHashMap<String, Long> prompts;
  private final int otherPrompts;
  private final long seed;
  private final long total;

  /**
   * @param erased relations, in the order of their tasks
   * @param prompts how many each relation has
   * @param otherPrompts wanted of all other relations together
   */
  SpreadPrompts(List<String> erased, Map<String, Long> prompts, int otherPrompts, long seed) {
    this.erased = List.copyOf(erased);
    this.prompts = new LinkedHashMap<>(prompts);
    this.otherPrompts = otherPrompts;
    this.seed = seed;
    this.total = prompts.values().stream().mapToLong(Long::longValue).sum();
  }

  @Override
  public Iterator<Row> call(Row prompt) {
    FactKey fact = new FactKey(prompt.getAs("relation"), prompt.getAs("fact_id"));
    int id = prompt.getAs("prompt_id");
    double draw = (SeededHash.of(seed, fact.hash("other prompts"), id) >>> 11) * 0x1.0p-53;
    List<Row> reads = new ArrayList<>();
    for (int work = 0; work < erased.size(); work++) {
      boolean own = erased.get(work).equals(fact.relation());
      long others = total - prompts.get(erased.get(work));
      if (own || draw * others < otherPrompts) {
        reads.add(
            RowFactory.create(
                work,
                own,
                fact.relation(),
                fact.factId(),
                id,
                prompt.getAs("prompt"),
                prompt.getAs("answer"),
                prompt.getAs("answer_probability"),
                prompt.getAs("answer_rank")));
      }
    }
    return reads.iterator();
  }
}
