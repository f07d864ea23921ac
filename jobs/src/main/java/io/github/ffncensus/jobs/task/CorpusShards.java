package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.CensusConfig.Stage;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.jobs.run.SkippedShard;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * The shards of the corpus that a stage reads: all but those that an earlier stage, or this one,
 * was told to do without.
 *
 * @param plan the shards that are left
 * @param skipped those that this stage leaves out and no stage before it did
 */
public record CorpusShards(ShardPlan plan, List<SkippedShard> skipped) {

  /**
   * @throws CensusException of kind CONFIGURATION if there is no such shard, or if none would be
   *     left
   */
  public static CorpusShards of(
      Configuration hadoop, RunManifest manifest, Stage stage, SkipList skips) {
    ShardPlan whole = ShardPlan.read(hadoop, manifest.folder().shardPlan());
    Set<Integer> known = whole.shards().stream().map(Shard::index).collect(Collectors.toSet());
    Set<Integer> before =
        manifest.skippedShards().stream()
            .filter(shard -> shard.ofCorpus() && isBefore(shard.stage(), stage))
            .map(SkippedShard::shard)
            .collect(Collectors.toSet());
    Set<Integer> added = new TreeSet<>();
    if (SkipList.readsShards(stage)) {
      added.addAll(skips.of(SkippedShard.CORPUS, known));
      added.removeAll(before);
    }
    ShardPlan left = whole.without(before).without(added);
    if (left.shards().isEmpty()) {
      throw CensusException.configuration(
          "--skip-shards: nothing is left of the %,d shards of the corpus"
              .formatted(whole.shards().size()));
    }
    return new CorpusShards(
        left,
        whole.shards().stream()
            .filter(shard -> added.contains(shard.index()))
            .map(shard -> ShardContents.read(hadoop, manifest.folder(), shard))
            .map(contents -> contents.skipped(stage.word()))
            .toList());
  }

  private static boolean isBefore(String word, Stage stage) {
    return Arrays.stream(Stage.values())
        .anyMatch(known -> known.word().equals(word) && known.compareTo(stage) < 0);
  }
}
