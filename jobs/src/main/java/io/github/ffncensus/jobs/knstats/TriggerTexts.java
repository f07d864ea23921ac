package io.github.ffncensus.jobs.knstats;

import static org.apache.spark.sql.functions.col;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.knowledge.opendomain.FactResult;
import io.github.ffncensus.knowledge.opendomain.ResultBlock;
import io.github.ffncensus.knowledge.opendomain.TriggerRules;
import io.github.ffncensus.knowledge.opendomain.TriggerRules.Direction;
import io.github.ffncensus.knowledge.opendomain.TriggerText;
import io.github.ffncensus.table.TableFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/**
 * Table {@code knowledge_neuron_triggers}: each fact's extreme texts go to the shard that holds the
 * sequence, get its text there, and go to the table file of their fact.
 */
final class TriggerTexts {
  static final String TABLE = "knowledge_neuron_triggers";

  /** A text on its way to its words. */
  static final StructType EXTREME =
      StructType.fromDDL(
          "shard INT, file INT, fact INT, method INT, scope INT, direction INT, rank INT,"
              + " mean_activation DOUBLE, sequence_id BIGINT, text_class INT");

  /** With them. */
  static final StructType WITH_TEXT =
      StructType.fromDDL(
          "file INT, fact INT, method INT, scope INT, direction INT, rank INT,"
              + " mean_activation DOUBLE, sequence_id BIGINT, text_class INT, text STRING");

  private TriggerTexts() {}

  /**
   * @param merged the blocks of all facts
   */
  static List<TableFile> write(
      StageContext context,
      Broadcast<FactBook> book,
      TriggerRules triggers,
      JavaPairRDD<Long, byte[]> merged) {
    List<Shard> shards = context.plan().shards();
    long[] firstIds = shards.stream().mapToLong(Shard::firstSequenceId).toArray();
    Dataset<Row> extremes =
        context
            .session()
            .createDataset(
                merged.flatMap(new ToExtremes(triggers, firstIds)).rdd(), Encoders.row(EXTREME));
    return extremes
        .repartition(partitions(context, shards.size()), col("shard"))
        .sortWithinPartitions("shard", "sequence_id")
        .mapPartitions(
            (MapPartitionsFunction<Row, Row>) new LookUpTexts(context.setup(), context.plan()),
            Encoders.row(WITH_TEXT))
        .repartition(partitions(context, ResultFiles.files(book.value().facts())), col("file"))
        .sortWithinPartitions("file", "fact", "method", "scope", "direction", "rank")
        .javaRDD()
        .mapPartitions(new WriteTriggerTexts(context.setup(), book, triggers))
        .collect();
  }

  /** One partition per piece, but no more than keeps the cluster busy several times over. */
  private static int partitions(StageContext context, int pieces) {
    return Math.max(1, Math.min(pieces, 8 * context.spark().defaultParallelism()));
  }

  private static final class ToExtremes implements FlatMapFunction<Tuple2<Long, byte[]>, Row> {
    private static final long serialVersionUID = 1L;

    private final TriggerRules triggers;
    private final long[] firstIds;

    ToExtremes(TriggerRules triggers, long[] firstIds) {
      this.triggers = triggers;
      this.firstIds = firstIds;
    }

    @Override
    public Iterator<Row> call(Tuple2<Long, byte[]> block) {
      List<Row> rows = new ArrayList<>();
      ResultBlock.unpack(block._2(), triggers)
          .forEach((result, fact) -> addRows(fact, result, rows));
      return rows.iterator();
    }

    private void addRows(int fact, FactResult result, List<Row> rows) {
      for (int method = 0; method < triggers.methods(); method++) {
        for (int scope = 0; scope < triggers.scopes().size(); scope++) {
          for (Direction direction : Direction.values()) {
            int rank = 1;
            for (TriggerText text : result.triggers(method, scope, direction)) {
              rows.add(
                  RowFactory.create(
                      shardOf(text.sequenceId()),
                      ResultFiles.fileOf(fact),
                      fact,
                      method,
                      scope,
                      direction.ordinal(),
                      rank++,
                      text.mean(),
                      text.sequenceId(),
                      text.textClass().ordinal()));
            }
          }
        }
      }
    }

    private int shardOf(long sequenceId) {
      int found = Arrays.binarySearch(firstIds, sequenceId);
      return found >= 0 ? found : -found - 2;
    }
  }
}
