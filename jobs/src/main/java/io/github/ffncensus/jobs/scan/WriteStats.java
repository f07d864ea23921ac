package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.stats.NeuronStatsRow;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import scala.Tuple2;

/** Task: a file of {@code neuron_stats} from a range of merged blocks. */
final class WriteStats
    implements FlatMapFunction<Iterator<Tuple2<MergedBlocks.Key, byte[]>>, TableFile> {
  private static final long serialVersionUID = 1L;
  static final String TABLE = "neuron_stats";

  private final ScanContext context;

  WriteStats(ScanContext context) {
    this.context = context;
  }

  static Map<String, List<TableFile>> tables(Merge merge, NeuronStatistics statistics) {
    return Map.of(
        TABLE, merge.blocks(statistics).mapPartitions(new WriteStats(merge.context())).collect());
  }

  @Override
  public Iterator<TableFile> call(Iterator<Tuple2<MergedBlocks.Key, byte[]>> blocks)
      throws IOException {
    String name =
        "part-%05d-%s.parquet".formatted(TaskContext.getPartitionId(), context.staging().attempt());
    Path file = context.staging().file(TABLE, name);
    try (ParquetTableWriter<NeuronStatsRow> writer =
        ParquetTableWriter.create(
            context.staging().hadoop(), file, TABLE, context.runId(), WriteStats::encode)) {
      while (blocks.hasNext()) {
        Tuple2<MergedBlocks.Key, byte[]> block = blocks.next();
        for (NeuronStatsRow row :
            NeuronStatistics.rows(block._1().layer(), block._1().block(), block._2())) {
          writer.write(row);
        }
      }
      return writer.rows() == 0
          ? List.<TableFile>of().iterator()
          : List.of(writer.finish()).iterator();
    }
  }

  private static void encode(NeuronStatsRow row, RowWriter out) {
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
}
