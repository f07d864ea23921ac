package io.github.ffncensus.jobs.task;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class TaskSlotsTest {

  @Test
  void withoutGpus_coresCount() {
    assertThat(TaskSlots.of(conf(), 8, 2)).isEqualTo(8);
    assertThat(TaskSlots.of(conf().set("spark.task.cpus", "3"), 8, 2)).isEqualTo(2);
    assertThat(TaskSlots.of(conf().set("spark.task.cpus", "9"), 8, 2)).isEqualTo(1);
  }

  @Test
  void gpus_limitTheTasksThatTakeThem() {
    SparkConf conf = conf().set("spark.executor.resource.gpu.amount", "4");
    assertThat(TaskSlots.of(conf, 64, 2)).isEqualTo(64);
    assertThat(TaskSlots.of(conf.clone().set("spark.task.resource.gpu.amount", "1"), 64, 2))
        .isEqualTo(8);
    assertThat(TaskSlots.of(conf.clone().set("spark.task.resource.gpu.amount", "0.5"), 64, 2))
        .isEqualTo(16);
    assertThat(TaskSlots.of(conf.clone().set("spark.task.resource.gpu.amount", "1"), 6, 2))
        .isEqualTo(6);
  }

  @Test
  void executorsThatAreAskedFor_count() {
    SparkConf conf = conf().set("spark.dynamicAllocation.maxExecutors", "7");
    assertThat(TaskSlots.asked(conf)).isZero();
    assertThat(TaskSlots.asked(conf.set("spark.executor.instances", "3"))).isEqualTo(3);
    assertThat(TaskSlots.asked(conf.set("spark.dynamicAllocation.enabled", "true"))).isEqualTo(7);
  }

  private static SparkConf conf() {
    return new SparkConf(false);
  }
}
