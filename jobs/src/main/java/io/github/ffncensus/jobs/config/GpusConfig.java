package io.github.ffncensus.jobs.config;

import java.io.Serializable;

/**
 * Who gets GPUs on a cluster whose executors have some.
 *
 * @param perTask GPUs of a task; below 1, tasks share them
 */
public record GpusConfig(Tasks tasks, double perTask) implements Serializable {

  /** Tasks that ask for GPUs. */
  public enum Tasks {
    MODEL,
    ALL
  }

  static GpusConfig of(ConfigValues values) {
    return new GpusConfig(
        values.constant(Tasks.class, "gpus.tasks"), values.decimal("gpus.per-task"));
  }
}
