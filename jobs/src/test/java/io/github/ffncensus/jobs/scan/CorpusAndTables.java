package io.github.ffncensus.jobs.scan;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What tests of whole commands need of this package's helpers. */
public final class CorpusAndTables {
  private static final List<String> TABLES =
      List.of(
          "sequences",
          "neuron_stats",
          "trigger_prefixes",
          "activations",
          "layer_composition",
          "prediction_refinement");

  private CorpusAndTables() {}

  public static void writeCorpus(Path file) throws IOException {
    ScanFixture.writeCorpus(file, 80);
  }

  /** Compares the published tables of the run r1 in two warehouses. */
  public static void assertSame(Path actual, Path expected) throws IOException {
    TableRows.assertSame(tables(actual), tables(expected));
  }

  private static Map<String, List<Map<String, Object>>> tables(Path warehouse) throws IOException {
    Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
    for (String table : TABLES) {
      try (Stream<Path> files = Files.list(warehouse.resolve(table).resolve("run_id=r1"))) {
        tables.put(
            table,
            TableRows.read(
                table,
                files
                    .filter(file -> file.toString().endsWith(".parquet"))
                    .map(file -> new org.apache.hadoop.fs.Path(file.toUri()))
                    .toList()));
      }
    }
    return tables;
  }
}
