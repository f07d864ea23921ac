package io.github.ffncensus.jobs.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ResultStageTest {
  private static JavaSparkContext spark;

  @BeforeAll
  static void start() {
    spark =
        new JavaSparkContext(
            new SparkConf()
                .setMaster("local[2]")
                .setAppName("test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1"));
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  @Test
  void tasksBeforeAShuffle_areNoPartitionsOfTheResult() {
    JavaRDD<Integer> results =
        spark
            .parallelize(List.of(1, 2, 3, 4, 5), 5)
            .repartition(3)
            .mapPartitions(rows -> List.of(TaskContext.get().stageId()).iterator());
    try (ResultStage stage = ResultStage.ofNextJob(spark)) {
      List<Integer> seen = PartitionTasks.collect(spark, results, Integer.class, stageId -> {});
      assertThat(seen).hasSize(3).containsOnly(stage.id());
      assertThat(stage.crashed(message(2, stage.id(), 0))).contains(2);
      assertThat(stage.crashed(message(2, stage.id() - 1, 0))).isEmpty();
      assertThat(stage.crashed("Task 2 in stage %d.0 failed 4 times: OOM".formatted(stage.id())))
          .isEmpty();
      assertThat(stage.crashed("Job 3 cancelled")).isEmpty();
    }
  }

  @Test
  void stageThatIsTriedAgain_numbersTheTasksThatItLacks() {
    try (ResultStage stage = ResultStage.ofNextJob(spark)) {
      PartitionTasks.collect(spark, spark.parallelize(List.of(1), 1), Integer.class, one -> {});
      assertThat(stage.crashed(message(0, stage.id(), 1))).as("not known to have begun").isEmpty();
      TaskInfo second = new TaskInfo(9, 0, 0, 7, 0, "1", "host", TaskLocality.ANY(), false);
      stage.onTaskStart(new SparkListenerTaskStart(stage.id(), 1, second));
      assertThat(stage.crashed(message(0, stage.id(), 1))).contains(7);
    }
  }

  @Test
  void everyJobHasItsOwn() {
    int earlier;
    try (ResultStage stage = ResultStage.ofNextJob(spark)) {
      PartitionTasks.collect(spark, spark.parallelize(List.of(1), 1), Integer.class, one -> {});
      earlier = stage.id();
    }
    try (ResultStage stage = ResultStage.ofNextJob(spark)) {
      PartitionTasks.collect(spark, spark.parallelize(List.of(1), 1), Integer.class, one -> {});
      assertThat(stage.id()).isGreaterThan(earlier);
    }
  }

  private static String message(int task, int stage, int attempt) {
    return """
        Job aborted due to stage failure: Task %d in stage %d.%d failed 4 times, most recent failure: Lost task \
        %1$d.3 in stage %2$d.%3$d (TID 9) (127.0.0.1 executor 3): ExecutorLostFailure (executor 3 exited caused by \
        one of the running tasks) Reason: Command exited with code 86"""
        .formatted(task, stage, attempt);
  }
}
