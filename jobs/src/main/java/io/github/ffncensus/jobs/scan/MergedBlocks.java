package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.model.Architecture;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
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

    @Override
    public int compareTo(Key other) {
      return ORDER.compare(this, other);
    }
  }

  /**
   * All blocks of an analysis, each partition a range of consecutive blocks in order.
   *
   * @param records of all shards
   */
  static JavaPairRDD<Key, byte[]> of(
      JavaSparkContext spark,
      ScanContext context,
      Analysis analysis,
      Architecture architecture,
      List<ShardRecord> records) {
    List<String> files = records.stream().map(record -> record.partialOf(analysis.name())).toList();
    int slices = Math.min(files.size(), Math.max(2, 4 * spark.defaultParallelism()));
    Ranges ranges = Ranges.of(analysis, architecture);
    return spark
        .parallelize(files, slices)
        .flatMapToPair(new ReadPartials(context))
        .reduceByKey(ranges, analysis::merge)
        .mapPartitionsToPair(new InOrder(), true);
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

  /** Reads one shard's blocks, one at a time. */
  private static final class ReadPartials implements PairFlatMapFunction<String, Key, byte[]> {
    private static final long serialVersionUID = 1L;

    private final ScanContext context;

    ReadPartials(ScanContext context) {
      this.context = context;
    }

    @Override
    public Iterator<Tuple2<Key, byte[]>> call(String file) throws IOException {
      PartialFile.Reader reader =
          new PartialFile.Reader(
              context.staging().hadoop(), context.staging().file(ScanContext.PARTIALS, file));
      TaskContext.get()
          .addTaskCompletionListener(
              done -> {
                try {
                  reader.close();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      return new Blocks(reader);
    }
  }

  private static final class Blocks implements Iterator<Tuple2<Key, byte[]>> {
    private final PartialFile.Reader reader;
    private Tuple2<Key, byte[]> next;
    private boolean ended;

    Blocks(PartialFile.Reader reader) {
      this.reader = reader;
    }

    @Override
    public boolean hasNext() {
      try {
        if (next == null && !ended) {
          ended = !reader.next();
          if (ended) {
            reader.close();
          }
          next =
              ended ? null : new Tuple2<>(new Key(reader.layer(), reader.block()), reader.packed());
        }
        return next != null;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Tuple2<Key, byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Tuple2<Key, byte[]> result = next;
      next = null;
      return result;
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
