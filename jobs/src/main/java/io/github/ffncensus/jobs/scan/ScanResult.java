package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.table.TableFile;
import java.util.List;
import java.util.Map;

/**
 * What a scan left in staging.
 *
 * @param tables finished files by table
 * @param counters for the manifest
 */
public record ScanResult(Map<String, List<TableFile>> tables, Map<String, Object> counters) {}
