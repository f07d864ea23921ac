package io.github.ffncensus.jobs.interpret;

import io.github.ffncensus.interpret.perturbations.PerturbationSummary;
import io.github.ffncensus.interpret.perturbations.Removal;
import io.github.ffncensus.jobs.task.TaskSetup;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;

/**
 * Task: a file of {@code trigger_perturbations} per layer, from rows sorted by layer, neuron, rank
 * and removal, summed up in that order.
 */
final class WritePerturbations implements FlatMapFunction<Iterator<Row>, LayerPerturbations> {
  private static final long serialVersionUID = 1L;

  private final TaskSetup setup;
  private final long[] winners;

  /**
   * @param winners perturbed triggers of each layer
   */
  WritePerturbations(TaskSetup setup, long[] winners) {
    this.setup = setup;
    this.winners = winners.clone();
  }

  @Override
  public Iterator<LayerPerturbations> call(Iterator<Row> rows) throws IOException {
    List<LayerPerturbations> layers = new ArrayList<>();
    Row row = rows.hasNext() ? rows.next() : null;
    while (row != null) {
      int layer = row.getInt(0);
      Map<String, PerturbationSummary.Sums> sums = new HashMap<>();
      for (Removal removal : Removal.values()) {
        sums.put(removal.label(), new PerturbationSummary.Sums());
      }
      try (ParquetTableWriter<Row> writer =
          setup.create(PerturbationTable.TABLE, layer, WritePerturbations::encode)) {
        while (row != null && row.getInt(0) == layer) {
          writer.write(row);
          sums.get(row.getString(3)).add(row.getDouble(7), row.getDouble(14));
          row = rows.hasNext() ? rows.next() : null;
        }
        ArrayList<PerturbationSummary> summaries = new ArrayList<>();
        for (Removal removal : Removal.values()) {
          summaries.add(sums.get(removal.label()).summary(layer, removal, winners[layer]));
        }
        layers.add(new LayerPerturbations(layer, writer.finish(), summaries));
      }
    }
    return layers.iterator();
  }

  private static void encode(Row row, RowWriter out) {
    out.intValue("layer", row.getInt(0));
    out.intValue("neuron", row.getInt(1));
    out.intValue("rank", row.getInt(2));
    out.string("removed", row.getString(3));
    out.string("removed_token", row.getString(4));
    out.floatValue("coefficient", row.getFloat(5));
    out.floatValue("perturbed_coefficient", row.getFloat(6));
    out.doubleValue("relative_change", row.getDouble(7));
    out.intValue("removed_token_id", row.getInt(8));
    out.intValue("removed_position", row.getInt(9));
    out.floatValue("reread_coefficient", row.getFloat(10));
    out.intValue("control_neuron", row.getInt(11));
    out.floatValue("control_coefficient", row.getFloat(12));
    out.floatValue("control_perturbed_coefficient", row.getFloat(13));
  }
}
