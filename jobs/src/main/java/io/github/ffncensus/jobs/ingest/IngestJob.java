package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.model.ModelFolder;
import org.apache.spark.sql.SparkSession;

/** Reads the corpus and publishes {@code sequences}, {@code rejects} and the shard plan. */
public final class IngestJob {
  public IngestJob(
      SparkSession spark,
      CensusConfig config,
      RunFolder folder,
      ModelFolder model,
      Progress progress) {}

  public IngestResult run() {
    throw new UnsupportedOperationException("being written");
  }
}
