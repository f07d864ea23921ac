package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.List;

/** The quantiles of {@code neuron_stats}, 16 bytes per neuron. */
final class NeuronQuantiles {
  static final String TABLE = "neuron_stats";

  private static final List<String> COLUMNS = List.of("p50", "p90", "p99", "p999");

  private NeuronQuantiles() {}

  /**
   * Reads them in a task.
   *
   * @param files of the table
   * @return by layer, quantile and neuron
   */
  static float[][][] read(TaskSetup setup, Architecture architecture, List<TableFile> files)
      throws IOException {
    float[][][] quantiles =
        new float[architecture.layers()][COLUMNS.size()][architecture.intermediate()];
    for (TableFile file : files) {
      try (ParquetTableReader reader =
          ParquetTableReader.open(
              setup.hadoop(),
              setup.published(TABLE, file.name()),
              "layer",
              "neuron",
              "p50",
              "p90",
              "p99",
              "p999")) {
        for (TableRow row = reader.next(); row != null; row = reader.next()) {
          float[][] ofLayer = quantiles[row.getInt("layer")];
          for (int q = 0; q < COLUMNS.size(); q++) {
            ofLayer[q][row.getInt("neuron")] = row.getFloat(COLUMNS.get(q));
          }
        }
      }
    }
    return quantiles;
  }
}
