package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.analysis.BoundedAnalysis;
import io.github.ffncensus.analysis.Bounds;
import io.github.ffncensus.jobs.metrics.JobNames;
import io.github.ffncensus.jobs.task.PartialFile;
import io.github.ffncensus.model.Architecture;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import scala.Tuple2;

/**
 * What the shards scanned so far have left in staging, analysis by analysis. Between two waves the
 * partial results of bounded analyses are merged to one, which takes their place, so that every
 * shard's file is read once however many waves there are.
 */
final class MergedWaves {
  private final JavaSparkContext spark;
  private final ScanContext context;
  private final Architecture architecture;
  private final List<Analysis> analyses;
  private final Map<String, List<String>> files = new HashMap<>();

  MergedWaves(
      JavaSparkContext spark,
      ScanContext context,
      Architecture architecture,
      List<Analysis> analyses) {
    this.spark = spark;
    this.context = context;
    this.architecture = architecture;
    this.analyses = analyses;
    analyses.forEach(analysis -> files.put(analysis.name(), new ArrayList<>()));
  }

  /** Takes in what shards have left. */
  void add(List<ShardRecord> records) {
    files.forEach(
        (analysis, ofAnalysis) ->
            records.forEach(record -> ofAnalysis.add(record.partialOf(analysis).file())));
  }

  /** Files in the staging folder of partial results that together hold those of all shards. */
  List<String> files(Analysis analysis) {
    return files.get(analysis.name());
  }

  /** Merges the bounded analyses; the bounds that the shards so far set for all others, by name. */
  HashMap<String, Bounds> merge() {
    HashMap<String, Bounds> bounds = new HashMap<>();
    for (Analysis analysis : analyses) {
      if (analysis instanceof BoundedAnalysis bounded && !files(analysis).isEmpty()) {
        bounds.put(analysis.name(), merge(bounded));
      }
    }
    return bounds;
  }

  private Bounds merge(BoundedAnalysis analysis) {
    List<Range> ranges =
        JobNames.during(
            spark.sc(),
            "scan: bounds of %s for the next wave".formatted(analysis.name()),
            () ->
                MergedBlocks.of(spark, context, analysis, architecture, files(analysis))
                    .mapPartitions(new WriteRange(context, analysis))
                    .collect());
    List<String> merged = new ArrayList<>();
    float[][][] bounds = new float[architecture.layers()][analysis.blocksPerLayer(architecture)][];
    for (Range range : ranges) {
      merged.add(range.file());
      for (BlockBounds block : range.bounds()) {
        bounds[block.key().layer()][block.key().block()] = block.bounds();
      }
    }
    files.put(analysis.name(), merged);
    return new Bounds(bounds);
  }

  private record BlockBounds(MergedBlocks.Key key, float[] bounds) implements Serializable {}

  /**
   * Consecutive merged blocks.
   *
   * @param file that holds them
   */
  private record Range(String file, ArrayList<BlockBounds> bounds) implements Serializable {}

  /** Task: leaves a partition's merged blocks in staging. */
  private static final class WriteRange
      implements FlatMapFunction<Iterator<Tuple2<MergedBlocks.Key, byte[]>>, Range> {
    private static final long serialVersionUID = 1L;

    private final ScanContext context;
    private final BoundedAnalysis analysis;

    WriteRange(ScanContext context, BoundedAnalysis analysis) {
      this.context = context;
      this.analysis = analysis;
    }

    @Override
    public Iterator<Range> call(Iterator<Tuple2<MergedBlocks.Key, byte[]>> blocks)
        throws IOException {
      String name =
          "merged-%05d-%s.%s"
              .formatted(
                  TaskContext.getPartitionId(), context.staging().attempt(), analysis.name());
      Path file = context.staging().file(ScanContext.PARTIALS, name);
      ArrayList<BlockBounds> bounds = new ArrayList<>();
      try (PartialFile.Writer out = new PartialFile.Writer(context.staging().hadoop(), file)) {
        while (blocks.hasNext()) {
          Tuple2<MergedBlocks.Key, byte[]> block = blocks.next();
          out.put(block._1().number(), block._2());
          bounds.add(new BlockBounds(block._1(), analysis.bounds(block._2())));
        }
        out.finish();
      }
      return List.of(new Range(name, bounds)).iterator();
    }
  }
}
