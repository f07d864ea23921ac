package io.github.ffncensus.jobs.metrics;

import java.util.function.Supplier;
import org.apache.spark.SparkContext;

/** What jobs and stages are called on Spark's pages, in its event log and its history server. */
public final class JobNames {
  private static final String DESCRIPTION = "spark.job.description";
  private static final String CALL_SITE = "callSite.short";

  private JobNames() {}

  /** Names what this thread makes and starts from now on. */
  public static void set(SparkContext spark, String name) {
    spark.setLocalProperty(DESCRIPTION, name);
    spark.setLocalProperty(CALL_SITE, name);
  }

  /** Names what this thread makes and starts meanwhile. */
  public static <T> T during(SparkContext spark, String name, Supplier<T> work) {
    String description = spark.getLocalProperty(DESCRIPTION);
    String callSite = spark.getLocalProperty(CALL_SITE);
    set(spark, name);
    try {
      return work.get();
    } finally {
      spark.setLocalProperty(DESCRIPTION, description);
      spark.setLocalProperty(CALL_SITE, callSite);
    }
  }
}
