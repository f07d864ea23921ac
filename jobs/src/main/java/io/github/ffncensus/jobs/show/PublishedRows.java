package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The rows of a complete run's tables, one at a time. */
final class PublishedRows {
  private final Configuration hadoop;
  private final RunFolder folder;
  private final RunManifest manifest;

  /**
   * @param needed a table that the run must have
   * @throws CensusException of kind RUN_FAILED if the run is not complete or lacks the table
   */
  PublishedRows(Configuration hadoop, RunFolder folder, RunManifest manifest, String needed) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.manifest = manifest;
    if (manifest.status() != RunManifest.Status.COMPLETE
        || !manifest.tables().containsKey(needed)) {
      throw CensusException.runFailed(
          "The run %s has no %s to show; run completes it".formatted(folder.runId(), needed));
    }
  }

  /** In the order of the table's files; none if the run does not have the table. */
  void forEach(String table, Consumer<TableRow> consumer, String... columns) {
    for (TableFile file : manifest.tables().getOrDefault(table, List.of())) {
      Path path = new Path(folder.table(table), file.name());
      try (ParquetTableReader reader = ParquetTableReader.open(hadoop, path, columns)) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          consumer.accept(row);
        }
      } catch (IOException e) {
        throw CensusException.runFailed(path + " cannot be read: " + e.getMessage(), e);
      }
    }
  }
}
