package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.triggers.Trigger;
import io.github.ffncensus.analysis.triggers.TriggerSearch;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.model.Architecture;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/**
 * From merged triggers to {@code trigger_prefixes}: each is sent to the shard that holds its
 * sequence, gets its text there, and goes to the table file of its neuron.
 */
final class TriggerTable {
  static final String TABLE = "trigger_prefixes";

  /** A winner on its way to its text. */
  static final StructType WINNER =
      StructType.fromDDL(
          "shard INT, file INT, layer INT, neuron INT, polarity STRING, rank INT,"
              + " coefficient FLOAT, sequence_id BIGINT, position INT");

  /** A row of the table, with the number of the file that it belongs to. */
  static final StructType PREFIX =
      StructType.fromDDL(
          "file INT, layer INT, neuron INT, polarity STRING, rank INT, coefficient FLOAT,"
              + " sequence_id BIGINT, position INT, document_id STRING, prefix STRING,"
              + " token_id INT, token STRING, next_token_id INT, next_token STRING");

  private TriggerTable() {}

  static Map<String, List<TableFile>> tables(Merge merge, TriggerSearch search) {
    SparkSession spark = merge.spark();
    Architecture architecture = merge.architecture();
    List<Shard> shards = merge.plan().shards();
    long[] firstIds = shards.stream().mapToLong(Shard::firstSequenceId).toArray();
    Dataset<Row> winners =
        spark.createDataset(
            merge.blocks(search).flatMap(new ToWinners(search, architecture, firstIds)).rdd(),
            Encoders.row(WINNER));
    Dataset<Row> prefixes =
        winners
            .repartition(partitions(shards.size(), spark), functions.col("shard"))
            .sortWithinPartitions("shard", "sequence_id")
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>) new LookUpPrefixes(merge.context(), merge.plan()),
                Encoders.row(PREFIX));
    int files = MergedBlocks.Ranges.of(search, architecture).numPartitions();
    return Map.of(
        TABLE,
        prefixes
            .repartition(partitions(files, spark), functions.col("file"))
            .sortWithinPartitions("file", "layer", "neuron", "polarity", "rank")
            .javaRDD()
            .mapPartitions(new WriteTriggers(merge.context()))
            .collect());
  }

  /** One partition per piece, but no more than keeps the cluster busy several times over. */
  private static int partitions(int pieces, SparkSession spark) {
    return Math.max(1, Math.min(pieces, 8 * spark.sparkContext().defaultParallelism()));
  }

  private static final class ToWinners
      implements FlatMapFunction<Tuple2<MergedBlocks.Key, byte[]>, Row> {
    private static final long serialVersionUID = 1L;

    private final TriggerSearch search;
    private final MergedBlocks.Ranges files;
    private final long[] firstIds;

    ToWinners(TriggerSearch search, Architecture architecture, long[] firstIds) {
      this.search = search;
      this.files = MergedBlocks.Ranges.of(search, architecture);
      this.firstIds = firstIds;
    }

    @Override
    public Iterator<Row> call(Tuple2<MergedBlocks.Key, byte[]> block) {
      int file = files.getPartition(block._1());
      List<Row> rows = new ArrayList<>();
      for (Trigger t : search.triggers(block._1().layer(), block._1().block(), block._2())) {
        rows.add(
            RowFactory.create(
                shardOf(t.sequenceId()),
                file,
                t.layer(),
                t.neuron(),
                t.polarity().label(),
                t.rank(),
                t.coefficient(),
                t.sequenceId(),
                t.position()));
      }
      return rows.iterator();
    }

    private int shardOf(long sequenceId) {
      int found = Arrays.binarySearch(firstIds, sequenceId);
      return found >= 0 ? found : -found - 2;
    }
  }
}
