package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.Analysis;
import io.github.ffncensus.jobs.ingest.ShardPlan;
import io.github.ffncensus.model.Architecture;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * What the merge of a scan starts from.
 *
 * @param partials what the shards left
 */
record Merge(
    SparkSession spark,
    ScanContext context,
    Architecture architecture,
    ShardPlan plan,
    MergedWaves partials) {

  /** The merged blocks of an analysis, each partition a range of consecutive blocks in order. */
  JavaPairRDD<MergedBlocks.Key, byte[]> blocks(Analysis analysis) {
    return MergedBlocks.of(
        new JavaSparkContext(spark.sparkContext()),
        context,
        analysis,
        architecture,
        partials.files(analysis));
  }
}
