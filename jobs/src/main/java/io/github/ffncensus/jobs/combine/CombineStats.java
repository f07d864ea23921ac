package io.github.ffncensus.jobs.combine;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.analysis.stats.NeuronStatsRow;
import io.github.ffncensus.jobs.scan.NeuronStatsRows;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.Function;

/** Task: a file of {@code neuron_stats} over the tokens of all parents. */
final class CombineStats implements Function<SameRange, ArrayList<TableFile>> {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;

  CombineStats(TaskSetup setup) {
    this.setup = setup;
  }

  @Override
  public ArrayList<TableFile> call(SameRange range) throws IOException {
    List<ParquetTableReader> readers = new ArrayList<>();
    try (ParquetTableWriter<NeuronStatsRow> writer =
        setup.create(NeuronStatsRows.TABLE, range.number(), NeuronStatsRows::encode)) {
      for (SameRange.OfParent file : range.files()) {
        readers.add(ParquetTableReader.open(setup.hadoop(), new Path(file.path())));
      }
      for (List<NeuronStatsRow> rows = next(readers); !rows.isEmpty(); rows = next(readers)) {
        requireSameNeuron(rows, range);
        writer.write(NeuronStatsRow.combined(rows));
      }
      return new ArrayList<>(List.of(writer.finish()));
    } finally {
      for (ParquetTableReader reader : readers) {
        reader.close();
      }
    }
  }

  /** A row of each file; fewer where files have ended. */
  private static List<NeuronStatsRow> next(List<ParquetTableReader> readers) throws IOException {
    List<NeuronStatsRow> rows = new ArrayList<>();
    for (ParquetTableReader reader : readers) {
      TableRow row = reader.next();
      if (row != null) {
        rows.add(NeuronStatsRows.decode(row));
      }
    }
    return rows;
  }

  private static void requireSameNeuron(List<NeuronStatsRow> rows, SameRange range) {
    NeuronStatsRow first = rows.get(0);
    boolean same =
        rows.size() == range.files().size()
            && rows.stream()
                .allMatch(r -> r.layer() == first.layer() && r.neuron() == first.neuron());
    if (!same) {
      throw CensusException.runFailed(
          "neuron %d of layer %d is not in all of %s; verify says which run is damaged"
              .formatted(first.neuron(), first.layer(), range.text()));
    }
  }
}
