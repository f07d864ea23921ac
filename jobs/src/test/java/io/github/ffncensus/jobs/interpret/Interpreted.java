package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.TableRows;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/** A scanned run after its interpretation, with the rows of its tables. */
final class Interpreted {
  private Interpreted() {}

  /** Scans, publishes and interprets; the rows of all tables by name. */
  static Map<String, List<Map<String, Object>>> tables(ScanFixture.Run run) throws IOException {
    Map<String, List<TableFile>> published = run.publish();
    Map<String, List<TableFile>> made = InterpretJob.run(run.interpretation(published));
    Map<String, List<Map<String, Object>>> rows = new LinkedHashMap<>();
    for (Map.Entry<String, List<TableFile>> table : published.entrySet()) {
      rows.put(table.getKey(), read(table.getKey(), run.folder.table(table.getKey()), table));
    }
    for (Map.Entry<String, List<TableFile>> table : made.entrySet()) {
      Path staged = new Path(run.folder.staging("interpret"), table.getKey());
      rows.put(table.getKey(), read(table.getKey(), staged, table));
    }
    return rows;
  }

  private static List<Map<String, Object>> read(
      String table, Path folder, Map.Entry<String, List<TableFile>> files) throws IOException {
    return TableRows.read(
        table, files.getValue().stream().map(file -> new Path(folder, file.name())).toList());
  }
}
