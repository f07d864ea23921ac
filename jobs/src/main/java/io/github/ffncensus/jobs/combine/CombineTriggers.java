package io.github.ffncensus.jobs.combine;

import io.github.ffncensus.jobs.combine.SameRange.OfParent;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.Function;

/**
 * Task: a file of {@code trigger_prefixes} over all parents. The k strongest of all are among the k
 * strongest of each, under the same total order as in a scan.
 */
final class CombineTriggers implements Function<SameRange, ArrayList<TableFile>> {
  static final String TABLE = "trigger_prefixes";
  private static final long serialVersionUID = 1L;

  /** Ascending by strength, ties by place: the first are the best, of either polarity. */
  private static final Comparator<TriggerRow> BEST_FIRST =
      Comparator.comparingDouble((TriggerRow row) -> -Math.abs(row.coefficient()))
          .thenComparingLong(TriggerRow::sequenceId)
          .thenComparingInt(TriggerRow::position);

  private final TaskSetup setup;

  CombineTriggers(TaskSetup setup) {
    this.setup = setup;
  }

  @Override
  public ArrayList<TableFile> call(SameRange range) throws IOException {
    int most = setup.config().scan().triggerPrefixes().perNeuron();
    List<Cursor> cursors = new ArrayList<>();
    try (ParquetTableWriter<TriggerRow> writer =
        setup.create(TABLE, range.number(), TriggerRow::encode)) {
      for (OfParent file : range.files()) {
        cursors.add(new Cursor(setup, file));
      }
      for (List<TriggerRow> ofNeuron = next(cursors);
          !ofNeuron.isEmpty();
          ofNeuron = next(cursors)) {
        ofNeuron.sort(BEST_FIRST);
        for (int i = 0; i < Math.min(most, ofNeuron.size()); i++) {
          writer.write(ofNeuron.get(i).ranked(i + 1));
        }
      }
      return new ArrayList<>(List.of(writer.finish()));
    } finally {
      for (Cursor cursor : cursors) {
        cursor.close();
      }
    }
  }

  /** All rows of the next neuron and polarity; none at the end of all files. */
  private static List<TriggerRow> next(List<Cursor> cursors) throws IOException {
    TriggerRow.Key key =
        cursors.stream()
            .filter(cursor -> cursor.row != null)
            .map(cursor -> cursor.row.key())
            .min(Comparator.naturalOrder())
            .orElse(null);
    List<TriggerRow> rows = new ArrayList<>();
    for (Cursor cursor : cursors) {
      while (cursor.row != null && cursor.row.key().equals(key)) {
        rows.add(cursor.row);
        cursor.advance();
      }
    }
    return rows;
  }

  /** A file, sorted by neuron and polarity. */
  private static final class Cursor implements AutoCloseable {
    private final ParquetTableReader reader;
    private final long firstSequenceId;
    private TriggerRow row;

    Cursor(TaskSetup setup, OfParent file) throws IOException {
      reader = ParquetTableReader.open(setup.hadoop(), new Path(file.path()));
      firstSequenceId = file.firstSequenceId();
      advance();
    }

    void advance() throws IOException {
      TableRow next = reader.next();
      row = next == null ? null : TriggerRow.decode(next, firstSequenceId);
    }

    @Override
    public void close() throws IOException {
      reader.close();
    }
  }
}
