package io.github.ffncensus.jobs.task;

import ai.djl.Device;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.model.DeviceChoice;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.SharedTransformers;
import io.github.ffncensus.model.Transformer;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.TaskContext;

/** The model of a task, on the device that the configuration and Spark's scheduler give it. */
public final class TaskModels {
  private TaskModels() {}

  /** To be called in a task. The model is shared with other tasks of the process; leave it open. */
  public static Transformer get(CensusConfig config, String modelPath, String weightsSha256) {
    Device device = DeviceChoice.resolve(config.model().device(), scheduledGpus());
    Precision precision = Precision.valueOf(config.model().precision().name());
    return SharedTransformers.get(Path.of(modelPath), weightsSha256, device, precision);
  }

  private static List<String> scheduledGpus() {
    var gpus = TaskContext.get().resourcesJMap().get("gpu");
    return gpus == null ? List.of() : List.of(gpus.addresses());
  }
}
