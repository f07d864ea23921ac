package io.github.ffncensus.jobs.show;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.RunManifest;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The tables of a complete run, read in order without Spark. */
public final class PublishedTables {
  private final Configuration hadoop;
  private final RunFolder folder;
  private final Map<String, List<TableFile>> tables;
  private final int layers;
  private final int neuronsPerLayer;
  private final boolean causal;

  PublishedTables(
      Configuration hadoop,
      RunFolder folder,
      Map<String, List<TableFile>> tables,
      int layers,
      int neuronsPerLayer,
      boolean causal) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.tables = tables;
    this.layers = layers;
    this.neuronsPerLayer = neuronsPerLayer;
    this.causal = causal;
  }

  /**
   * @throws CensusException of kind RUN_FAILED if the run is not complete
   */
  public static PublishedTables of(Configuration hadoop, RunManifest manifest) {
    if (manifest.status() != RunManifest.Status.COMPLETE) {
      throw CensusException.runFailed(
          "The run %s is %s; run completes it"
              .formatted(manifest.folder().runId(), manifest.status().word()));
    }
    return new PublishedTables(
        hadoop,
        manifest.folder(),
        manifest.tables(),
        manifest.json().at("/model/layers").asInt(),
        manifest.json().at("/model/neurons_per_layer").asInt(),
        manifest.json().at("/model/causal").asBoolean());
  }

  /** Layers of the model. */
  int layers() {
    return layers;
  }

  /** Neurons of each layer. */
  int neuronsPerLayer() {
    return neuronsPerLayer;
  }

  /** Whether the model predicts the next token, not, as a masked model, the token itself. */
  boolean causal() {
    return causal;
  }

  /** Whether the run has rows of a table. */
  boolean has(String table) {
    return files(table).stream().anyMatch(file -> file.rows() > 0);
  }

  /**
   * @throws CensusException of kind RUN_FAILED if the run has no rows of a table
   */
  public void require(String table, String madeBy) {
    if (!has(table)) {
      throw CensusException.runFailed(
          "The run %s has no %s, which %s makes".formatted(folder.runId(), table, madeBy));
    }
  }

  /** Rows of a table in the order of its files; none if the run does not have it. */
  void forEachRow(String table, Consumer<TableRow> consumer, String... columns) {
    for (TableFile file : files(table)) {
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

  private List<TableFile> files(String table) {
    return tables.getOrDefault(table, List.of());
  }
}
