package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.config.GpusConfig;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/**
 * Which stages ask for GPUs. Where the cluster manager can schedule stage by stage, those that run
 * the model do and the others do not, so that ingest and merges use all cores and hold no GPU. With
 * dynamic allocation the others do not even run on executors that have one. Elsewhere every task
 * asks for GPUs, or none does.
 *
 * <p>The decision is made once, before the session starts, and stands in the session's
 * configuration.
 */
public final class GpuStages {
  private static final String AMOUNT = "amount";
  private static final String EXECUTOR = "spark.executor.resource.gpu.";
  private static final String EVERY_TASK = "spark.task.resource.gpu.amount";
  private static final String DYNAMIC = "spark.dynamicAllocation.enabled";

  /** GPUs of each task that runs the model, where stages are scheduled one by one. */
  private static final String MODEL_TASK = "spark.ffncensus.task.gpu.amount";

  /** What was {@link #EXECUTOR}, where only stages that run the model ask for such executors. */
  private static final String MODEL_EXECUTOR = "spark.ffncensus.executor.gpu.";

  private static final List<String> EXECUTOR_KEYS = List.of(AMOUNT, "discoveryScript", "vendor");

  /**
   * One profile for all stages of an application: executors that are asked for under one profile do
   * not serve another.
   */
  private static final ConcurrentHashMap<String, ResourceProfile> PROFILES =
      new ConcurrentHashMap<>();

  private GpuStages() {}

  /**
   * Decides for a session that is yet to start.
   *
   * @param conf of the session; says whether executors have GPUs, and is changed to say who asks
   *     for them
   * @param sparkVersion such as 3.5.9
   */
  public static void configure(SparkConf conf, GpusConfig config, String sparkVersion) {
    String master = conf.get("spark.master");
    boolean onMachine = master.equals("local") || master.startsWith("local[");
    if (onMachine || conf.getInt(EXECUTOR + AMOUNT, 0) == 0 || conf.contains(EVERY_TASK)) {
      return;
    }
    String perTask = Double.toString(config.perTask());
    if (config.tasks() == GpusConfig.Tasks.ALL || !isSupported(conf, master, sparkVersion)) {
      conf.set(EVERY_TASK, perTask);
      return;
    }
    conf.set(MODEL_TASK, perTask);
    if (conf.getBoolean(DYNAMIC, false)) {
      for (String key : EXECUTOR_KEYS) {
        if (conf.contains(EXECUTOR + key)) {
          conf.set(MODEL_EXECUTOR + key, conf.get(EXECUTOR + key));
          conf.remove(EXECUTOR + key);
        }
      }
    }
  }

  /**
   * Whether stages can ask for GPUs of their own: on a standalone cluster, YARN and Kubernetes; for
   * the latter two without dynamic allocation since Spark 3.5.1 only.
   */
  private static boolean isSupported(SparkConf conf, String master, String sparkVersion) {
    if (master.startsWith("spark://") || master.startsWith("local-cluster")) {
      return true;
    }
    boolean listed = master.equals("yarn") || master.startsWith("k8s://");
    return listed && (conf.getBoolean(DYNAMIC, false) || !sparkVersion.matches("3\\.5\\.0.*"));
  }

  /** The same partitions, computed with GPUs if the task is one that runs the model. */
  static <T> JavaRDD<T> on(JavaRDD<T> results, Object task) {
    return task instanceof ModelTask ? withGpus(results) : results;
  }

  /**
   * The same partitions, computed by tasks that get GPUs, where stages are scheduled one by one.
   */
  public static <T> JavaRDD<T> withGpus(JavaRDD<T> results) {
    SparkConf conf = results.context().getConf();
    return conf.contains(MODEL_TASK)
        ? results.withResources(
            PROFILES.computeIfAbsent(
                results.context().applicationId(), id -> profile(conf).orElseThrow()))
        : results;
  }

  /** What tasks that run the model ask for; empty if stages are not scheduled one by one. */
  static Optional<ResourceProfile> profile(SparkConf conf) {
    if (!conf.contains(MODEL_TASK)) {
      return Optional.empty();
    }
    ResourceProfileBuilder profile =
        new ResourceProfileBuilder()
            .require(new TaskResourceRequests().resource("gpu", conf.getDouble(MODEL_TASK, 1)));
    if (conf.contains(MODEL_EXECUTOR + AMOUNT)) {
      profile.require(
          new ExecutorResourceRequests()
              .resource(
                  "gpu",
                  conf.getInt(MODEL_EXECUTOR + AMOUNT, 1),
                  conf.get(MODEL_EXECUTOR + "discoveryScript", ""),
                  conf.get(MODEL_EXECUTOR + "vendor", "")));
    }
    return Optional.of(profile.build());
  }

  /** GPUs that a task which runs the model asks for; 0 if it asks for none. */
  static double ofModelTask(SparkConf conf) {
    return conf.getDouble(MODEL_TASK, conf.getDouble(EVERY_TASK, 0));
  }

  /** GPUs of an executor that runs the model. */
  static int ofModelExecutor(SparkConf conf) {
    return conf.getInt(MODEL_EXECUTOR + AMOUNT, conf.getInt(EXECUTOR + AMOUNT, 0));
  }
}
