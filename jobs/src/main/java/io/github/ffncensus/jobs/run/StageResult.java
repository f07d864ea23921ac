package io.github.ffncensus.jobs.run;

import io.github.ffncensus.table.TableFile;
import java.util.List;
import java.util.Map;

/**
 * What a stage has made, its files still in staging, each table's in the folder {@code
 * staging(stage)/<table>}.
 *
 * @param tables finished files by table
 * @param corpusCounts for the manifest's {@code corpus}; may be empty
 * @param counters for the manifest, under the stage's name; may be empty
 * @param skipped what the stage was told to do without
 */
public record StageResult(
    Map<String, List<TableFile>> tables,
    Map<String, Long> corpusCounts,
    Map<String, Object> counters,
    List<SkippedShard> skipped) {}
