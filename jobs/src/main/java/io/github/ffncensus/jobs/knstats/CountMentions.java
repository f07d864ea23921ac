package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.task.ShardSequences;
import io.github.ffncensus.knowledge.opendomain.RandomSentences.PoolText;
import io.github.ffncensus.knowledge.opendomain.Reading;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner.Plan;
import io.github.ffncensus.knowledge.opendomain.TextClass;
import java.io.IOException;
import java.util.ArrayList;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;

/** Task: a shard's text is searched for facts; no model is needed. */
final class CountMentions implements Function<Shard, ShardMentions> {
  private static final long serialVersionUID = 1L;

  private final FactSearch search;

  CountMentions(FactSearch search) {
    this.search = search;
  }

  @Override
  public ShardMentions call(Shard shard) throws IOException {
    ReadingPlanner planner = search.planner();
    TreeMap<Integer, Integer> headAndTail = new TreeMap<>();
    ArrayList<PoolText> pool = new ArrayList<>();
    try (ShardSequences sequences = search.sequences(shard)) {
      while (sequences.hasNext()) {
        TaskContext.get().killTaskIfInterrupted();
        Plan plan = planner.plan(sequences.next());
        for (Reading reading : plan.readings()) {
          if (reading.textClass() == TextClass.HEAD_AND_TAIL) {
            headAndTail.merge(reading.fact(), 1, Integer::sum);
          }
        }
        plan.poolText().ifPresent(pool::add);
      }
    }
    return new ShardMentions(
        headAndTail.keySet().stream().mapToInt(Integer::intValue).toArray(),
        headAndTail.values().stream().mapToInt(Integer::intValue).toArray(),
        pool);
  }
}
