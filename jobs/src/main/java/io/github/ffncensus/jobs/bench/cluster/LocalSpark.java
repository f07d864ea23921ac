package io.github.ffncensus.jobs.bench.cluster;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** Spark in this process, as the local launcher starts it. */
final class LocalSpark {
  private LocalSpark() {}

  /**
   * @param threads tasks at a time
   * @param work folder for what Spark itself writes
   */
  static SparkSession start(int threads, Path work) {
    return SparkSession.builder()
        .master("local[" + threads + "]")
        .appName("bench cluster")
        .config("spark.ui.enabled", false)
        .config("spark.ui.showConsoleProgress", false)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", 16)
        .config("spark.local.dir", work.resolve("spark-local").toString())
        .config("spark.sql.warehouse.dir", work.resolve("spark-warehouse").toString())
        .getOrCreate();
  }
}
