package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.task.ShardSequences;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.knowledge.opendomain.RandomPool;
import io.github.ffncensus.knowledge.opendomain.ReadingPlanner;
import io.github.ffncensus.knowledge.opendomain.ReadingRules;
import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/** What the tasks of the stage share: where the sequences are, and how facts are found in them. */
record FactSearch(TaskSetup setup, Broadcast<FactBook> book, ReadingRules rules, RandomPool pool)
    implements Serializable {

  ReadingPlanner planner() {
    FactBook facts = book.value();
    return new ReadingPlanner(facts.mentions(), facts.withNeurons(), rules, pool);
  }

  ShardSequences sequences(Shard shard) {
    return new ShardSequences(setup, shard);
  }
}
