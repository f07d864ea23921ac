package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.run.InheritedPermissions;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A table without rows still has its columns: readers of a folder without files would fail. */
public final class EmptyTable {
  private EmptyTable() {}

  /**
   * Writes a file without rows.
   *
   * @param staging of the stage
   * @throws CensusException of kind RUN_FAILED if it cannot be written
   */
  public static TableFile write(Configuration hadoop, Path staging, String table, String runId) {
    Path folder = new Path(staging, table);
    InheritedPermissions.folder(hadoop, folder);
    Path file = new Path(folder, "part-empty.parquet");
    try (ParquetTableWriter<Void> writer =
        ParquetTableWriter.create(hadoop, file, table, runId, (row, out) -> {})) {
      return writer.finish();
    } catch (IOException e) {
      throw CensusException.cannotWrite(file, e);
    }
  }
}
