package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.stats.NeuronStatistics;
import io.github.ffncensus.analysis.stats.NeuronStatsRow;
import io.github.ffncensus.table.ParquetTableWriter;
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

  private final ScanContext context;

  WriteStats(ScanContext context) {
    this.context = context;
  }

  static Map<String, List<TableFile>> tables(Merge merge, NeuronStatistics statistics) {
    return Map.of(
        NeuronStatsRows.TABLE,
        merge.blocks(statistics).mapPartitions(new WriteStats(merge.context())).collect());
  }

  @Override
  public Iterator<TableFile> call(Iterator<Tuple2<MergedBlocks.Key, byte[]>> blocks)
      throws IOException {
    String name =
        "part-%05d-%s.parquet".formatted(TaskContext.getPartitionId(), context.staging().attempt());
    Path file = context.staging().file(NeuronStatsRows.TABLE, name);
    try (ParquetTableWriter<NeuronStatsRow> writer =
        ParquetTableWriter.create(
            context.staging().hadoop(),
            file,
            NeuronStatsRows.TABLE,
            context.runId(),
            NeuronStatsRows::encode)) {
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
}
