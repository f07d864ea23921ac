package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.Bounds;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.WavesConfig;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.metrics.JobNames;
import io.github.ffncensus.jobs.task.FailedPieces;
import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.PieceTasks;
import io.github.ffncensus.jobs.task.TaskRecords;
import io.github.ffncensus.jobs.task.TaskSlots;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Scans shards, a task each, wave by wave: what the merged results of the shards so far rule out,
 * the shards of the next wave do not report. Which shard is in which wave has no influence on the
 * result, so shards that an earlier attempt recorded count as they are.
 */
final class ScanWaves {
  private final JavaSparkContext spark;
  private final ScanContext context;
  private final WavesConfig config;
  private final TaskRecords<ShardRecord> recorded;
  private final MergedWaves merged;
  private final Progress progress;

  ScanWaves(
      JavaSparkContext spark,
      ScanContext context,
      TaskRecords<ShardRecord> recorded,
      MergedWaves merged,
      Progress progress) {
    this.spark = spark;
    this.context = context;
    this.config = context.config().scan().waves();
    this.recorded = recorded;
    this.merged = merged;
    this.progress = progress;
  }

  /**
   * Scans those of the shards that are not recorded yet; the records of all.
   *
   * @throws CensusException of kind RUN_FAILED if shards fail; all others are recorded then
   */
  List<ShardRecord> scan(PartWork<Shard> shards) {
    SortedMap<Integer, ShardRecord> known = recorded.find(shards.pieces().keySet());
    List<ShardRecord> records = new ArrayList<>(known.values());
    List<Shard> missing =
        shards.pieces().values().stream()
            .filter(shard -> !known.containsKey(shard.index()))
            .toList();
    Map<Integer, String> failures = new TreeMap<>();
    merged.add(records);
    progress.advance(records.size(), 0);
    WavePlan plan = new WavePlan(config);
    int wave = records.stream().mapToInt(ShardRecord::wave).max().orElse(0);
    for (int from = 0, size; from < missing.size(); from += size) {
      size = (int) plan.next(records.size(), missing.size() - from, TaskSlots.of(spark));
      List<ShardRecord> ofWave = scan(++wave, missing.subList(from, from + size), failures);
      merged.add(ofWave);
      records.addAll(ofWave);
    }
    if (!failures.isEmpty()) {
      throw FailedPieces.exception("scan", shards, failures);
    }
    return records;
  }

  private List<ShardRecord> scan(int wave, List<Shard> shards, Map<Integer, String> failures) {
    TreeMap<Integer, Shard> work = new TreeMap<>();
    shards.forEach(shard -> work.put(shard.index(), shard));
    List<ShardRecord> records = Collections.synchronizedList(new ArrayList<>());
    Broadcast<HashMap<String, Bounds>> bounds =
        spark.broadcast(config.enabled() ? merged.merge() : new HashMap<>());
    try {
      failures.putAll(
          JobNames.during(
              spark.sc(),
              "scan: wave %d, %,d shards".formatted(wave, shards.size()),
              () ->
                  PieceTasks.run(
                      spark,
                      "scan",
                      work,
                      new ScanShard(context, wave, bounds),
                      (number, record) -> {
                        recorded.write(number, record);
                        records.add(record);
                        progress.advance(1, record.tokens());
                      })));
      return records;
    } finally {
      // What a task that Spark gave up still makes of it is not used.
      bounds.destroy();
    }
  }
}
