package io.github.ffncensus.jobs;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** Local Spark sessions for tests. */
public final class TestSpark {
  private TestSpark() {}

  /**
   * @param master such as {@code local[2]}
   * @param folder for what Spark itself writes
   */
  public static SparkSession start(String master, Path folder) {
    return SparkSession.builder()
        .master(master)
        .appName("test")
        .config("spark.ui.enabled", false)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", 3)
        .config("spark.sql.warehouse.dir", folder.resolve("spark-warehouse").toString())
        .getOrCreate();
  }
}
