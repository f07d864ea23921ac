package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.stats.NeuronStatsRow;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableRow;

/** Rows of the table {@code neuron_stats}. */
public final class NeuronStatsRows {
  public static final String TABLE = "neuron_stats";

  private NeuronStatsRows() {}

  public static void encode(NeuronStatsRow row, RowWriter out) {
    out.intValue("layer", row.layer());
    out.intValue("neuron", row.neuron());
    out.longValue("token_count", row.tokenCount());
    out.doubleValue("mean", row.mean());
    out.doubleValue("stddev", row.stddev());
    if (row.skewness() != null) {
      out.doubleValue("skewness", row.skewness());
      out.doubleValue("kurtosis", row.kurtosis());
    }
    out.floatValue("min", row.min());
    out.floatValue("max", row.max());
    out.doubleValue("active_fraction", row.activeFraction());
    out.floatValue("p50", row.p50());
    out.floatValue("p90", row.p90());
    out.floatValue("p99", row.p99());
    out.floatValue("p999", row.p999());
    out.longList("histogram", row.histogram());
    out.doubleList("quadrant_fractions", row.quadrantFractions());
    out.doubleList("quadrant_means", row.quadrantMeans());
  }

  public static NeuronStatsRow decode(TableRow row) {
    return new NeuronStatsRow(
        row.getInt("layer"),
        row.getInt("neuron"),
        row.getLong("token_count"),
        row.getDouble("mean"),
        row.getDouble("stddev"),
        row.isNull("skewness") ? null : row.getDouble("skewness"),
        row.isNull("kurtosis") ? null : row.getDouble("kurtosis"),
        row.getFloat("min"),
        row.getFloat("max"),
        row.getDouble("active_fraction"),
        row.getFloat("p50"),
        row.getFloat("p90"),
        row.getFloat("p99"),
        row.getFloat("p999"),
        row.getLongList("histogram"),
        row.getDoubleList("quadrant_fractions"),
        row.getDoubleList("quadrant_means"));
  }
}
