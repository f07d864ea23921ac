package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The counters of a scan, for the manifest and for people. */
final class ScanCounters {
  private final List<ShardRecord> records;
  private final String precision;
  private final long neurons;

  /**
   * @param records of all shards
   * @param precision of the forward pass
   * @param neurons of the model
   */
  ScanCounters(List<ShardRecord> records, String precision, long neurons) {
    this.records = records;
    this.precision = precision.toLowerCase(Locale.ROOT);
    this.neurons = neurons;
  }

  Map<String, Object> counters() {
    long tokens = records.stream().mapToLong(ShardRecord::tokens).sum();
    long padded = records.stream().mapToLong(ShardRecord::paddedTokens).sum();
    Map<String, Object> counters = new LinkedHashMap<>();
    counters.put("shards", records.size());
    counters.put("sequences", records.stream().mapToLong(ShardRecord::sequences).sum());
    counters.put(
        "rejected_sequences",
        records.stream()
            .flatMap(record -> record.rejects().stream())
            .mapToLong(TableFile::rows)
            .sum());
    counters.put("tokens", tokens);
    counters.put("text_tokens", records.stream().mapToLong(ShardRecord::textTokens).sum());
    counters.put("padding_fraction", padded == 0 ? 0 : 1 - tokens / (double) padded);
    counters.put("batches", records.stream().mapToLong(ShardRecord::batches).sum());
    counters.put("batch_halvings", records.stream().mapToInt(ShardRecord::halvings).sum());
    counters.put("task_seconds", records.stream().mapToDouble(ShardRecord::seconds).sum());
    counters.put("devices", records.stream().map(ShardRecord::device).distinct().sorted().toList());
    counters.put("precision", precision);
    // Executors of another kind calculate some last digits in another way.
    counters.put(
        "vocabulary_products",
        records.stream().map(ShardRecord::products).distinct().sorted().toList());
    counters.put(
        "partial_bytes",
        records.stream()
            .flatMap(record -> record.partials().stream())
            .mapToLong(ShardRecord.Partial::bytes)
            .sum());
    counters.put("candidate_rows", candidates(records));
    counters.put("candidate_rows_per_neuron", candidates(records) / (double) neurons);
    List<Map<String, Object>> waves = new ArrayList<>();
    byWave().forEach((wave, ofWave) -> waves.add(wave(wave, ofWave)));
    counters.put("waves", waves);
    return counters;
  }

  private Map<String, Object> wave(int wave, List<ShardRecord> ofWave) {
    Map<String, Object> counters = new LinkedHashMap<>();
    counters.put("wave", wave);
    counters.put("shards", ofWave.size());
    counters.put("tokens", ofWave.stream().mapToLong(ShardRecord::tokens).sum());
    counters.put("candidate_rows", candidates(ofWave));
    counters.put("candidate_rows_per_neuron", candidates(ofWave) / (double) neurons);
    return counters;
  }

  /** A line for people; empty if no analysis of the scan has candidates. */
  Optional<String> summary() {
    if (candidates(records) == 0) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "candidates: %,d rows, %.1f per neuron; by wave: %s",
            candidates(records),
            candidates(records) / (double) neurons,
            byWave().values().stream()
                .map(
                    ofWave ->
                        String.format(
                            Locale.ROOT,
                            "%.1f from %,d shards",
                            candidates(ofWave) / (double) neurons,
                            ofWave.size()))
                .collect(Collectors.joining(", "))));
  }

  private TreeMap<Integer, List<ShardRecord>> byWave() {
    return records.stream()
        .collect(Collectors.groupingBy(ShardRecord::wave, TreeMap::new, Collectors.toList()));
  }

  private static long candidates(List<ShardRecord> records) {
    return records.stream().mapToLong(ShardRecord::candidates).sum();
  }
}
