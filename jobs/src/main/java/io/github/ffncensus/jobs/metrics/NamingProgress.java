package io.github.ffncensus.jobs.metrics;

import io.github.ffncensus.jobs.Progress;
import org.apache.spark.SparkContext;

/**
 * Progress that also names Spark's jobs: what a user reads on the terminal stands on Spark's pages
 * too.
 */
public final class NamingProgress implements Progress {
  private final Progress progress;
  private final SparkContext spark;
  private final String stage;

  /**
   * @param stage of the run, such as scan, which begins now
   */
  public NamingProgress(Progress progress, SparkContext spark, String runId, String stage) {
    this.progress = progress;
    this.spark = spark;
    this.stage = stage;
    spark.setJobGroup(runId + " " + stage, stage, false);
    JobNames.set(spark, stage);
  }

  @Override
  public void stage(String name, long totalUnits, String unit) {
    boolean named = name.equals(stage) || name.startsWith(stage + ":");
    JobNames.set(spark, named ? name : stage + ": " + name);
    progress.stage(name, totalUnits, unit);
  }

  @Override
  public void advance(long units, long tokens) {
    progress.advance(units, tokens);
  }

  @Override
  public void finish() {
    progress.finish();
    JobNames.set(spark, stage);
  }

  @Override
  public void note(String line) {
    progress.note(line);
  }
}
