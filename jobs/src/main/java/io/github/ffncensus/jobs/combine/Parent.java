package io.github.ffncensus.jobs.combine;

import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.jobs.run.ParentRun;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.SkippedShard;
import io.github.ffncensus.table.TableFile;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/**
 * A run that is combined with others, and where its sequences and shards begin among all.
 *
 * @param tables files by table, as its manifest lists them
 * @param skipped shards of the corpus that its scan left out
 * @param counts of its corpus, as its manifest has them
 * @param scanCounts of its scan that add up
 */
record Parent(
    RunFolder folder,
    ParentRun run,
    int firstShard,
    ShardPlan plan,
    Map<String, List<TableFile>> tables,
    List<SkippedShard> skipped,
    Map<String, Long> counts,
    Map<String, Long> scanCounts) {

  List<TableFile> files(String table) {
    return tables.getOrDefault(table, List.of());
  }

  String path(String table, String file) {
    return new Path(folder.table(table), file).toString();
  }
}
