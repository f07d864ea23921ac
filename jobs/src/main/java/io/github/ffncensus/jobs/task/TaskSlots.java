package io.github.ffncensus.jobs.task;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** How many tasks that run the model run at the same time. */
public final class TaskSlots {
  private TaskSlots() {}

  /** Of the cluster as it is now, or as it was asked for if that is more; at least 1. */
  public static int of(JavaSparkContext spark) {
    // The driver is listed too, and on one machine runs the tasks.
    int executors = Math.max(1, spark.sc().statusTracker().getExecutorInfos().length - 1);
    SparkConf conf = spark.getConf();
    int asked = asked(conf);
    return asked <= executors
        ? of(conf, spark.defaultParallelism(), executors)
        : of(conf, asked * conf.getInt("spark.executor.cores", 1), asked);
  }

  /**
   * Executors that will come: some may be on their way, and with dynamic allocation none does
   * before there is work.
   */
  static int asked(SparkConf conf) {
    return conf.getBoolean("spark.dynamicAllocation.enabled", false)
        ? conf.getInt("spark.dynamicAllocation.maxExecutors", 0)
        : conf.getInt("spark.executor.instances", 0);
  }

  /**
   * @param cores of all executors
   */
  static int of(SparkConf conf, int cores, int executors) {
    int byCores = cores / conf.getInt("spark.task.cpus", 1);
    double gpusOfTask = GpuStages.ofModelTask(conf);
    if (gpusOfTask <= 0) {
      return Math.max(1, byCores);
    }
    int byGpus = (int) (executors * Math.floor(GpuStages.ofModelExecutor(conf) / gpusOfTask));
    return Math.max(1, Math.min(byCores, byGpus));
  }
}
