package io.github.ffncensus.jobs.task;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** How many tasks run at the same time. */
public final class TaskSlots {
  private static final String GPUS_OF_EXECUTOR = "spark.executor.resource.gpu.amount";
  private static final String GPUS_OF_TASK = "spark.task.resource.gpu.amount";

  private TaskSlots() {}

  /** Of the cluster as it is now; at least 1. */
  public static int of(JavaSparkContext spark) {
    // The driver is listed too, and on one machine runs the tasks.
    int executors = Math.max(1, spark.sc().statusTracker().getExecutorInfos().length - 1);
    return of(spark.getConf(), spark.defaultParallelism(), executors);
  }

  /**
   * @param cores of all executors
   */
  static int of(SparkConf conf, int cores, int executors) {
    int byCores = cores / conf.getInt("spark.task.cpus", 1);
    double gpusOfTask = conf.getDouble(GPUS_OF_TASK, 0);
    if (gpusOfTask <= 0) {
      return Math.max(1, byCores);
    }
    int byGpus = (int) (executors * Math.floor(conf.getInt(GPUS_OF_EXECUTOR, 0) / gpusOfTask));
    return Math.max(1, Math.min(byCores, byGpus));
  }
}
