package io.github.ffncensus.jobs.interpret;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.xxhash64;

import io.github.ffncensus.jobs.task.PartWork;
import io.github.ffncensus.jobs.task.StageContext;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/**
 * How far the scan's coefficients are from those of float32 on a CPU, measured at a sample of the
 * triggers: two coefficients that differ by less may have changed places. For the manifest.
 */
final class CoefficientTolerance {
  private CoefficientTolerance() {}

  /** A trigger whose coefficient is read again. */
  record Place(int layer, int neuron, int rank, float coefficient, long sequenceId, int position)
      implements Serializable {}

  /** Triggers of all layers, in the order of their sequences. */
  record Sample(ArrayList<Place> places) implements Serializable {}

  /**
   * Differences of one layer.
   *
   * @param triggers in the sample
   * @param coefficients root mean square
   * @param difference root mean square
   * @param largest absolute difference
   */
  record OfLayer(int layer, int triggers, double coefficients, double difference, double largest)
      implements Serializable {}

  /** Differences by layer. */
  record Measured(ArrayList<OfLayer> layers) implements Serializable {}

  static void measure(StageContext context) {
    int perLayer = context.config().interpret().tolerance().triggersPerLayer();
    if (perLayer == 0) {
      return;
    }
    List<Measured> measured =
        context.tasks(
            PartWork.of(
                "tolerance",
                List.of(sample(context, perLayer)),
                sample -> 0,
                sample -> "%,d triggers".formatted(sample.places().size())),
            new RereadTriggers(context.setup(), context.plan()),
            Measured.class);
    List<Map<String, Object>> layers = new ArrayList<>();
    for (OfLayer layer : measured.stream().flatMap(m -> m.layers().stream()).toList()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("layer", layer.layer());
      entry.put("triggers", layer.triggers());
      entry.put("rms_coefficient", layer.coefficients());
      entry.put("rms_difference", layer.difference());
      entry.put("largest_difference", layer.largest());
      // Each of two coefficients may be off by so much.
      entry.put("near_tie_band", 2 * layer.largest());
      layers.add(entry);
    }
    context.note("precision", context.config().model().precision().name().toLowerCase(Locale.ROOT));
    context.note("coefficients_against_float32", layers);
  }

  private static Sample sample(StageContext context, int perLayer) {
    List<Row> rows =
        context
            .rows("trigger_prefixes")
            .filter(col("polarity").equalTo("positive"))
            .select("layer", "neuron", "rank", "coefficient", "sequence_id", "position")
            .withColumn(
                "place",
                row_number()
                    .over(
                        Window.partitionBy("layer")
                            .orderBy(
                                xxhash64(col("neuron"), col("rank")), col("neuron"), col("rank"))))
            .filter(col("place").leq(perLayer))
            .orderBy("sequence_id", "layer", "neuron", "rank")
            .collectAsList();
    ArrayList<Place> places = new ArrayList<>();
    for (Row row : rows) {
      places.add(
          new Place(
              row.getInt(0),
              row.getInt(1),
              row.getInt(2),
              row.getFloat(3),
              row.getLong(4),
              row.getInt(5)));
    }
    return new Sample(places);
  }
}
