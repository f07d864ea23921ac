package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.TableRows;
import io.github.ffncensus.table.TableSchema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** All rows of all tables of a published run, whatever file and place they are in. */
final class RunTables {
  private RunTables() {}

  /**
   * Compares two runs to the bit.
   *
   * @param warehouse any Hadoop path
   */
  static void assertSame(
      String warehouse, String runId, String expectedWarehouse, String expectedRunId)
      throws IOException {
    assertSame(warehouse, runId, expectedWarehouse, expectedRunId, Set.of());
  }

  /**
   * @param without tables that are not compared
   */
  static void assertSame(
      String warehouse,
      String runId,
      String expectedWarehouse,
      String expectedRunId,
      Set<String> without)
      throws IOException {
    Map<String, Map<Map<String, Object>, Integer>> actual = read(warehouse, runId);
    Map<String, Map<Map<String, Object>, Integer>> expected =
        read(expectedWarehouse, expectedRunId);
    actual.keySet().removeAll(without);
    expected.keySet().removeAll(without);
    assertThat(actual.keySet()).isEqualTo(expected.keySet()).isNotEmpty();
    actual.forEach((table, rows) -> assertSame(table, rows, expected.get(table)));
  }

  private static void assertSame(
      String table,
      Map<Map<String, Object>, Integer> actual,
      Map<Map<String, Object>, Integer> expected) {
    if (actual.equals(expected)) {
      return;
    }
    // Not the tables themselves, which are long.
    assertThat(minus(actual, expected)).as("rows of %s that should not be there", table).isEmpty();
    assertThat(minus(expected, actual)).as("rows of %s that are missing", table).isEmpty();
  }

  /** The first few rows that are more often here than there. */
  private static List<String> minus(
      Map<Map<String, Object>, Integer> here, Map<Map<String, Object>, Integer> there) {
    return here.entrySet().stream()
        .filter(row -> row.getValue() > there.getOrDefault(row.getKey(), 0))
        .limit(3)
        .map(row -> row.getValue() + " x " + row.getKey())
        .toList();
  }

  /** How often each row occurs, by table. */
  private static Map<String, Map<Map<String, Object>, Integer>> read(String warehouse, String runId)
      throws IOException {
    Map<String, Map<Map<String, Object>, Integer>> tables = new TreeMap<>();
    for (String table : TableSchema.tables()) {
      List<Path> files = files(new Path(warehouse, table + "/run_id=" + runId));
      if (!files.isEmpty()) {
        Map<Map<String, Object>, Integer> rows = new HashMap<>();
        TableRows.read(table, files).forEach(row -> rows.merge(row, 1, Integer::sum));
        tables.put(table, rows);
      }
    }
    return tables;
  }

  private static List<Path> files(Path folder) throws IOException {
    FileSystem fs = folder.getFileSystem(new Configuration());
    List<Path> files = new ArrayList<>();
    if (fs.exists(folder)) {
      for (FileStatus file : fs.listStatus(folder)) {
        if (file.getPath().getName().endsWith(".parquet")) {
          files.add(file.getPath());
        }
      }
    }
    return files;
  }
}
