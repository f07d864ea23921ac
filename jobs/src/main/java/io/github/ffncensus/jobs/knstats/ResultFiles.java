package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.jobs.task.ReadPartials;
import io.github.ffncensus.jobs.task.StageContext;
import io.github.ffncensus.knowledge.opendomain.ResultBlock;
import io.github.ffncensus.knowledge.opendomain.TriggerRules;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import scala.Tuple2;

/**
 * Merges the results of all shards. Blocks travel as bytes and merge where they meet; the driver
 * sees none of them.
 */
final class ResultFiles {
  /** Blocks of one merge task and one table file: 16 x 64 facts. */
  private static final int BLOCKS_PER_FILE = 16;

  private ResultFiles() {}

  /** The file that a fact belongs to. */
  static int fileOf(int fact) {
    return fact / ResultBlock.FACTS / BLOCKS_PER_FILE;
  }

  static int files(int facts) {
    return Math.max(1, (ResultBlock.blocks(facts) + BLOCKS_PER_FILE - 1) / BLOCKS_PER_FILE);
  }

  /**
   * All blocks, each partition those of one file in order.
   *
   * @param readings of all shards
   */
  static JavaPairRDD<Long, byte[]> merged(
      StageContext context, List<ShardReadings> readings, int facts, TriggerRules triggers) {
    List<String> names = readings.stream().map(ShardReadings::file).toList();
    int slices = Math.max(1, Math.min(names.size(), 4 * context.spark().defaultParallelism()));
    return context
        .spark()
        .parallelize(names, slices)
        .flatMapToPair(new ReadPartials(context.setup().staging(), ReadFacts.PARTIALS))
        .reduceByKey(
            new ByFile(files(facts)), (left, right) -> ResultBlock.merge(left, right, triggers))
        .mapPartitionsToPair(new InOrder(), true);
  }

  /** Blocks of one file to one partition. */
  private static final class ByFile extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int files;

    ByFile(int files) {
      this.files = files;
    }

    @Override
    public int numPartitions() {
      return files;
    }

    @Override
    public int getPartition(Object block) {
      return (int) ((Long) block / BLOCKS_PER_FILE);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByFile byFile && byFile.files == files;
    }

    @Override
    public int hashCode() {
      return files;
    }
  }

  /** Sorts a partition's few blocks. */
  private static final class InOrder
      implements PairFlatMapFunction<Iterator<Tuple2<Long, byte[]>>, Long, byte[]> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Tuple2<Long, byte[]>> call(Iterator<Tuple2<Long, byte[]>> blocks) {
      TreeMap<Long, Tuple2<Long, byte[]>> sorted = new TreeMap<>();
      blocks.forEachRemaining(block -> sorted.put(block._1(), block));
      return new ArrayList<>(sorted.values()).iterator();
    }
  }
}
