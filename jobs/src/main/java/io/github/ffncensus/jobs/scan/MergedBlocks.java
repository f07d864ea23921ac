package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.jobs.metrics.JobNames;
import io.github.ffncensus.jobs.task.ReadPartials;
import io.github.ffncensus.model.Architecture;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import scala.Tuple2;

/**
 * Merges the packed blocks of all shards. Blocks travel as bytes and merge where they meet; the
 * driver sees none of them.
 */
final class MergedBlocks {
  /** Blocks of one merge task and one table file: 16 x 256 neurons. */
  static final int BLOCKS_PER_FILE = 16;

  private MergedBlocks() {}

  /** A block's place: layer and number within the layer. */
  record Key(int layer, int block) implements Serializable, Comparable<Key> {
    private static final Comparator<Key> ORDER =
        Comparator.comparingInt(Key::layer).thenComparingInt(Key::block);

    /** As {@link #number} gave it. */
    static Key of(long number) {
      return new Key((int) (number >> Integer.SIZE), (int) number);
    }

    /** In partial files. */
    long number() {
      return (long) layer << Integer.SIZE | block;
    }

    @Override
    public int compareTo(Key other) {
      return ORDER.compare(this, other);
    }
  }

  /**
   * All blocks of an analysis, each partition a range of consecutive blocks in order.
   *
   * @param files of partial results, in staging
   */
  static JavaPairRDD<Key, byte[]> of(
      JavaSparkContext spark,
      ScanContext context,
      Analysis analysis,
      Architecture architecture,
      List<String> files) {
    int slices = Math.min(files.size(), Math.max(2, 4 * spark.defaultParallelism()));
    Ranges ranges = Ranges.of(analysis, architecture);
    JavaPairRDD<Key, byte[]> read =
        JobNames.during(
            spark.sc(),
            "scan: partial results of " + analysis.name(),
            () ->
                spark
                    .parallelize(files, slices)
                    .flatMapToPair(new ReadPartials(context.staging(), ScanContext.PARTIALS))
                    .mapToPair(block -> new Tuple2<>(Key.of(block._1()), block._2())));
    return read.reduceByKey(ranges, analysis::merge).mapPartitionsToPair(new InOrder(), true);
  }

  /** Consecutive blocks to one partition. */
  static final class Ranges extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int layers;
    private final int blocksPerLayer;

    Ranges(int layers, int blocksPerLayer) {
      this.layers = layers;
      this.blocksPerLayer = blocksPerLayer;
    }

    static Ranges of(Analysis analysis, Architecture architecture) {
      return new Ranges(architecture.layers(), analysis.blocksPerLayer(architecture));
    }

    @Override
    public int numPartitions() {
      return (layers * blocksPerLayer + BLOCKS_PER_FILE - 1) / BLOCKS_PER_FILE;
    }

    @Override
    public int getPartition(Object key) {
      Key block = (Key) key;
      return (block.layer() * blocksPerLayer + block.block()) / BLOCKS_PER_FILE;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Ranges ranges
          && ranges.layers == layers
          && ranges.blocksPerLayer == blocksPerLayer;
    }

    @Override
    public int hashCode() {
      return 31 * layers + blocksPerLayer;
    }
  }

  /** Sorts a partition's few blocks. */
  private static final class InOrder
      implements PairFlatMapFunction<Iterator<Tuple2<Key, byte[]>>, Key, byte[]> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Tuple2<Key, byte[]>> call(Iterator<Tuple2<Key, byte[]>> blocks) {
      List<Tuple2<Key, byte[]>> sorted = new ArrayList<>();
      blocks.forEachRemaining(sorted::add);
      sorted.sort(Comparator.comparing(Tuple2::_1));
      return sorted.iterator();
    }
  }
}
