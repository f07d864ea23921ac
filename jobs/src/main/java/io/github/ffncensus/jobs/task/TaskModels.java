package io.github.ffncensus.jobs.task;

import ai.djl.Device;
import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.model.DeviceChoice;
import io.github.ffncensus.model.Precision;
import io.github.ffncensus.model.SharedTransformers;
import io.github.ffncensus.model.Transformer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** The model of a task, on the device that the configuration and Spark's scheduler give it. */
public final class TaskModels {
  private TaskModels() {}

  /** To be called in a task. The model is shared with other tasks of the process; leave it open. */
  public static Transformer get(CensusConfig config, String modelPath, String weightsSha256) {
    Device device =
        device(config.model().device(), TaskContext.get().resourcesJMap(), SparkEnv.get().conf());
    Precision precision = Precision.valueOf(config.model().precision().name());
    return SharedTransformers.get(Path.of(modelPath), weightsSha256, device, precision);
  }

  /**
   * @param resources of the task, as Spark's scheduler gave them
   */
  static Device device(String setting, Map<String, ResourceInformation> resources, SparkConf conf) {
    ResourceInformation gpus = resources.get("gpu");
    if (gpus == null && GpuStages.ofModelTask(conf) > 0) {
      // It would take another task's.
      throw new IllegalStateException("a task that runs the model has not asked for a GPU");
    }
    return DeviceChoice.resolve(setting, gpus == null ? List.of() : List.of(gpus.addresses()));
  }
}
