package io.github.ffncensus.jobs.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.config.GpusConfig;
import io.github.ffncensus.jobs.config.GpusConfig.Tasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ExecutorResourceRequest;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who asks for GPUs; that clusters give them accordingly, is for tests with real ones. */
class GpuStagesTest {
  private static final String EVERY_TASK = "spark.task.resource.gpu.amount";
  private static final String EXECUTOR = "spark.executor.resource.gpu.";
  private static final GpusConfig BY_STAGE = new GpusConfig(Tasks.MODEL, 1);

  @ParameterizedTest
  @CsvSource({
    "spark://host:7077, 3.5.0",
    "'local-cluster[2,1,1024]', 4.1.3",
    "yarn, 3.5.9",
    "yarn, 4.2.0",
    "k8s://https://host:6443, 4.1.3"
  })
  void modelStages_askByTaskProfile(String master, String version) {
    SparkConf conf = conf(master, "3");
    GpuStages.configure(conf, new GpusConfig(Tasks.MODEL, 0.5), version);
    assertThat(conf.contains(EVERY_TASK)).isFalse();
    assertThat(conf.get(EXECUTOR + "amount")).isEqualTo("3");
    ResourceProfile profile = GpuStages.profile(conf).orElseThrow();
    assertThat(profile.taskResourcesJMap().get("gpu").amount()).isEqualTo(0.5);
    assertThat(profile.executorResourcesJMap()).isEmpty();
    assertThat(TaskSlots.of(conf, 64, 2)).isEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark://host:7077", "yarn", "k8s://https://host:6443"})
  void dynamicAllocation_modelStagesAskForExecutorsToo(String master) {
    SparkConf conf =
        conf(master, "2")
            .set("spark.dynamicAllocation.enabled", "true")
            .set(EXECUTOR + "discoveryScript", "/opt/discover-gpus")
            .set(EXECUTOR + "vendor", "nvidia.com");
    GpuStages.configure(conf, BY_STAGE, "3.5.0");
    assertThat(Stream.of(conf.getAllWithPrefix("spark.executor.resource."))).isEmpty();
    assertThat(conf.contains(EVERY_TASK)).isFalse();
    ResourceProfile profile = GpuStages.profile(conf).orElseThrow();
    assertThat(profile.taskResourcesJMap().get("gpu").amount()).isEqualTo(1);
    ExecutorResourceRequest gpus = profile.executorResourcesJMap().get("gpu");
    assertThat(gpus.amount()).isEqualTo(2);
    assertThat(gpus.discoveryScript()).isEqualTo("/opt/discover-gpus");
    assertThat(gpus.vendor()).isEqualTo("nvidia.com");
    assertThat(TaskSlots.of(conf, 64, 3)).isEqualTo(6);
  }

  @ParameterizedTest
  @CsvSource({
    "yarn, 3.5.0, MODEL",
    "k8s://https://host:6443, 3.5.0, MODEL",
    "mesos://host:5050, 3.5.9, MODEL",
    "spark://host:7077, 4.1.3, ALL"
  })
  void elsewhere_everyTaskAsks(String master, String version, Tasks tasks) {
    SparkConf conf = conf(master, "2");
    GpuStages.configure(conf, new GpusConfig(tasks, 0.25), version);
    assertThat(conf.get(EVERY_TASK)).isEqualTo("0.25");
    assertThat(GpuStages.profile(conf)).isEmpty();
    assertThat(TaskSlots.of(conf, 64, 1)).isEqualTo(8);
  }

  @Test
  void whatIsNotToBeDecided_staysAsItIs() {
    for (SparkConf conf :
        List.of(
            conf("local[*]", "2"),
            conf("local", "2"),
            conf("spark://host:7077", "0"),
            conf("spark://host:7077", "2").set(EVERY_TASK, "1"))) {
      SparkConf before = conf.clone();
      GpuStages.configure(conf, BY_STAGE, "4.1.3");
      assertThat(conf.getAll()).containsExactlyInAnyOrder(before.getAll());
      assertThat(GpuStages.profile(conf)).isEmpty();
    }
  }

  /** There is no GPU here, and the message tells which one the task would have used. */
  @ParameterizedTest
  @ValueSource(strings = {"0", "5"})
  void modelIsLoadedOnTheAddressThatSparkGave(String address) {
    Map<String, ResourceInformation> resources =
        Map.of("gpu", new ResourceInformation("gpu", new String[] {address, "7"}));
    assertThatThrownBy(() -> TaskModels.device("auto", resources, conf("local", "0")))
        .isInstanceOf(CensusException.class)
        .hasMessageStartingWith("the scheduler assigned gpu:" + address + ", but");
    assertThat(TaskModels.device("cpu", resources, conf("local", "0"))).isEqualTo(Device.cpu());
  }

  @Test
  void taskThatHasNotAsked_doesNotTakeAnothersGpu() {
    SparkConf conf = conf("spark://host:7077", "2");
    GpuStages.configure(conf, BY_STAGE, "4.1.3");
    assertThatThrownBy(() -> TaskModels.device("auto", Map.of(), conf))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has not asked for a GPU");
    assertThat(TaskModels.device("auto", Map.of(), conf("local", "0"))).isEqualTo(Device.cpu());
  }

  /** Whoever runs the model in a task is marked, so that no stage is forgotten. */
  @Test
  void everyTaskThatRunsTheModel_isMarked() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      List<Path> running =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.endsWith("TaskSetup.java"))
              .filter(file -> text(file).matches("(?s).*(setup\\.model\\(\\)|TaskModels\\.get).*"))
              .toList();
      assertThat(running)
          .hasSizeGreaterThan(8)
          .allSatisfy(file -> assertThat(text(file)).containsPattern("implements [^{]*ModelTask"));
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static SparkConf conf(String master, String gpus) {
    return new SparkConf(false).set("spark.master", master).set(EXECUTOR + "amount", gpus);
  }
}
