package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the launchers tell spark-submit. The project's folder is a copy of the scripts and an empty
 * jar; Spark and Java only print their arguments.
 */
class SubmitScriptsTest {
  private static final Path SCRIPTS = Path.of("../submit-scripts");
  private static final String PRINT_ARGUMENTS = "#!/bin/bash\nprintf '%s\\n' \"$@\"\n";

  @TempDir Path home;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void copy() throws IOException {
    Files.createDirectory(home.resolve("submit-scripts"));
    for (Path script : files()) {
      Files.copy(script, home.resolve("submit-scripts").resolve(script.getFileName()));
    }
    write("jobs/target/ffn-census-jobs.jar", "");
    write("spark/bin/spark-submit", PRINT_ARGUMENTS);
    write(
        "java/bin/java",
        """
        #!/bin/bash
        [ "$1" != -version ] || { echo 'openjdk version "17.0.9"' >&2; exit; }
        echo "SPARK_HOME=$SPARK_HOME SPARK_SCALA_VERSION=$SPARK_SCALA_VERSION"
        """
            + PRINT_ARGUMENTS);
    write("nightly.conf", "");
    environment.put("SPARK_HOME", home.resolve("spark").toString());
    environment.put("JAVA_HOME", home.resolve("java").toString());
    environment.put("FFN_CENSUS_SUBMIT", "--packages a:b:1 --conf spark.x=y");
  }

  @Test
  void allScripts_areBash() throws Exception {
    for (Path script : files()) {
      String text = Files.readString(script);
      if (text.startsWith("#!/usr/bin/env bash") || script.endsWith("lib.sh")) {
        assertThat(run("bash", "-n", script.toString())).as(script.toString()).isEmpty();
      }
    }
  }

  @Test
  void local_passesWhatSparkSubmitIsToKnow() throws Exception {
    List<String> said = launch("local", "run", "--config", "nightly.conf", "run-id=n1");
    assertThat(said).containsSequence("--packages", "a:b:1", "--conf", "spark.x=y");
    assertThat(said).containsSequence("--master", "local[*]");
    assertThat(said).endsWith(jar(), "run", "--config", "nightly.conf", "run-id=n1");
  }

  @Test
  void aSparkOfJarsAlone_isStartedWithItsOwnScala() throws Exception {
    write("jars-alone/jars/spark-core_2.12-3.5.9.jar", "");
    environment.put("SPARK_HOME", home.resolve("jars-alone").toString());
    environment.put("HADOOP_CONF_DIR", "/etc/hadoop/conf");
    List<String> said = launch("local", "runs", "--config", "nightly.conf");
    assertThat(said)
        .contains("SPARK_HOME=" + home.resolve("jars-alone") + " SPARK_SCALA_VERSION=2.12")
        .containsSequence(
            "-cp",
            home.resolve("jars-alone") + "/jars/*:/etc/hadoop/conf",
            "org.apache.spark.deploy.SparkSubmit")
        .containsSequence("--packages", "a:b:1");
  }

  @Test
  void standalone_limitsTheExecutors() throws Exception {
    assertThat(launch("standalone", "run"))
        .singleElement()
        .asString()
        .contains("FFN_CENSUS_MASTER");
    environment.put("FFN_CENSUS_MASTER", "spark://host:7077");
    environment.put("FFN_CENSUS_EXECUTORS", "3");
    environment.put("FFN_CENSUS_EXECUTOR_CORES", "4");
    List<String> said = launch("standalone", "run", "--config", "nightly.conf");
    assertThat(said)
        .containsSequence("--master", "spark://host:7077")
        .contains("spark.cores.max=12", "spark.executor.cores=4")
        .noneMatch(option -> option.contains("dynamicAllocation"))
        .as("a folder of the user that runs the executors, which DJL finds by itself")
        .noneMatch(option -> option.contains("DJL_CACHE_DIR"))
        .containsSequence("--packages", "a:b:1")
        .endsWith(jar(), "run", "--config", "nightly.conf");
  }

  @Test
  void yarn_shipsTheConfiguration_andTheDiscoveryScript() throws Exception {
    assertThat(launch("yarn", "run")).singleElement().asString().contains("HADOOP_CONF_DIR");
    environment.put("HADOOP_CONF_DIR", "/etc/hadoop/conf");
    environment.put("FFN_CENSUS_EXECUTORS", "16");
    environment.put("FFN_CENSUS_QUEUE", "nightly");
    environment.put("FFN_CENSUS_GPUS", "1");
    environment.put("FFN_CENSUS_DYNAMIC", "0");
    String config = home.resolve("nightly.conf").toString();
    List<String> said = launch("yarn", "run", "--config=" + config, "run-id=n1");
    assertThat(said)
        .containsSequence("--master", "yarn", "--deploy-mode", "cluster")
        .containsSequence("--queue", "nightly")
        .containsSequence("--num-executors", "16")
        .containsSequence("--packages", "a:b:1")
        .containsSequence("--files", config + "," + home.resolve("submit-scripts/discover-gpus"))
        .contains(
            "spark.executor.resource.gpu.amount=1",
            "spark.executor.resource.gpu.discoveryScript=./discover-gpus",
            "spark.yarn.maxAppAttempts=2",
            "spark.executor.maxNumFailures=100",
            "spark.yarn.am.waitTime=2h",
            "spark.executorEnv.DJL_CACHE_DIR=djl",
            "spark.yarn.appMasterEnv.DJL_CACHE_DIR=djl")
        .containsSequence("--driver-memory", "4g")
        .endsWith(jar(), "run", "--config", "nightly.conf", "run-id=n1");
    assertThat(launch("yarn", "verify", "--config", config))
        .as("a driver that never starts Spark")
        .containsSequence("--master", "local[*]")
        .doesNotContain("--files");
  }

  @Test
  void kubernetes_readsTheConfigurationInTheDriversPod() throws Exception {
    environment.put("FFN_CENSUS_MASTER", "k8s://https://api.example.com:6443");
    assertThat(launch("kubernetes", "run")).singleElement().asString().contains("FFN_CENSUS_IMAGE");
    environment.put("FFN_CENSUS_IMAGE", "registry.example.com/ffn-census:0.1");
    environment.put("FFN_CENSUS_GPUS", "1");
    environment.put("FFN_CENSUS_EXECUTORS", "8");
    List<String> said = launch("kubernetes", "run", "--config", "/conf/nightly.conf");
    assertThat(said)
        .containsSequence("--master", "k8s://https://api.example.com:6443")
        .containsSequence("--deploy-mode", "cluster")
        .containsSequence("--packages", "a:b:1")
        .containsSequence("--driver-memory", "4g")
        .as("the image says where")
        .noneMatch(option -> option.contains("DJL_CACHE_DIR"))
        .contains(
            "spark.kubernetes.container.image=registry.example.com/ffn-census:0.1",
            "spark.executor.resource.gpu.amount=1",
            "spark.executor.resource.gpu.vendor=nvidia.com",
            "spark.executor.resource.gpu.discoveryScript=/opt/ffn-census/submit-scripts/discover-gpus")
        .endsWith(
            "local:///opt/ffn-census/jobs/target/ffn-census-jobs.jar",
            "run",
            "--config",
            "/conf/nightly.conf");
  }

  @ParameterizedTest
  @ValueSource(strings = {"standalone", "yarn", "kubernetes"})
  void withGpus_executorsComeAndGo_unlessTheyAreToStay(String script) throws Exception {
    environment.put(
        "FFN_CENSUS_MASTER",
        script.equals("standalone") ? "spark://host:7077" : "k8s://https://api.example.com:6443");
    environment.put("HADOOP_CONF_DIR", "/etc/hadoop/conf");
    environment.put("FFN_CENSUS_IMAGE", "registry.example.com/ffn-census:0.1");
    environment.put("FFN_CENSUS_GPUS", "1");
    assertThat(launch(script, "run"))
        .as("no number")
        .singleElement()
        .asString()
        .contains("FFN_CENSUS_EXECUTORS", "FFN_CENSUS_DYNAMIC=0");
    environment.put("FFN_CENSUS_EXECUTORS", "8");
    assertThat(launch(script, "run"))
        .contains(
            "spark.dynamicAllocation.enabled=true",
            "spark.dynamicAllocation.maxExecutors=8",
            "spark.dynamicAllocation.shuffleTracking.enabled=true",
            "spark.dynamicAllocation.shuffleTracking.timeout=60s",
            "spark.dynamicAllocation.cachedExecutorIdleTimeout=120s")
        .as("a number to start with, or to share")
        .doesNotContain("--num-executors", "spark.executor.instances=8", "spark.cores.max=8");
    environment.put("FFN_CENSUS_DYNAMIC", "0");
    assertThat(launch(script, "run"))
        .noneMatch(option -> option.contains("dynamicAllocation"))
        .containsAnyOf("--num-executors", "spark.executor.instances=8", "spark.cores.max=8");
    environment.remove("FFN_CENSUS_GPUS");
    environment.remove("FFN_CENSUS_DYNAMIC");
    assertThat(launch(script, "run")).noneMatch(option -> option.contains("dynamicAllocation"));
    environment.put("FFN_CENSUS_DYNAMIC", "1");
    assertThat(launch(script, "run")).contains("spark.dynamicAllocation.enabled=true");
    environment.put("FFN_CENSUS_DYNAMIC", "yes");
    assertThat(launch(script, "run")).singleElement().asString().contains("it can be 1 or 0");
  }

  @Test
  void libtorch_comesWithItsFlavour() throws Exception {
    environment.put("FFN_CENSUS_MASTER", "spark://host:7077");
    environment.put("FFN_CENSUS_LIBTORCH", "/opt/libtorch/lib");
    assertThat(launch("standalone", "run"))
        .contains(
            "spark.executorEnv.PYTORCH_LIBRARY_PATH=/opt/libtorch/lib",
            "spark.executorEnv.PYTORCH_FLAVOR=cu128");
  }

  @Test
  void yarn_shipsWhatTheConfigurationIncludes() throws Exception {
    environment.put("HADOOP_CONF_DIR", "/etc/hadoop/conf");
    write(
        "conf/nightly.conf",
        """
        # include "commented.conf"
        include "site.conf"
        census { include required("model"), run-id = a }
        census.corpus.input = "hdfs:///include/corpus"
        include url("https://example.com/x.conf")
        include "optional.conf"
        """);
    write("conf/site.conf", "include required(file(\"deeper.conf\"))\ninclude \"nightly.conf\"\n");
    write("conf/deeper.conf", "");
    write("conf/model.json", "{}");
    write("conf/commented.conf", "");
    List<String> said = launch("yarn", "run", "--config", home.resolve("conf/nightly.conf") + "");
    assertThat(said)
        .containsSequence(
            "--files",
            Stream.of("nightly.conf", "site.conf", "deeper.conf", "model.json")
                .map(name -> home.resolve("conf").resolve(name).toString())
                .collect(Collectors.joining(",")));
    assertThat(said).filteredOn(line -> line.contains("no such file")).hasSize(1);
    assertThat(said.get(0)).contains("optional.conf");

    write("conf/nightly.conf", "include \"../site.conf\"\n");
    assertThat(launch("yarn", "run", "--config", home.resolve("conf/nightly.conf") + ""))
        .singleElement()
        .asString()
        .contains("conf/nightly.conf: include \"../site.conf\"");
  }

  @ParameterizedTest
  @CsvSource({
    "--files /a/x;/a/y, /a/x;/a/y",
    "--conf spark.files=/a/x, /a/x",
    "--files=/a/x --conf=spark.files=/a/y, /a/x;/a/y",
    "--conf spark.x=y, /defaults/z",
    "--properties-file OTHER, /other/z"
  })
  void yarn_shipsTheUsersFilesToo(String options, String files) throws Exception {
    environment.put("HADOOP_CONF_DIR", "/etc/hadoop/conf");
    write("spark/conf/spark-defaults.conf", "# spark.files no\nspark.files   /defaults/z\n");
    write("other.conf", "spark.files=/other/z\n");
    environment.put(
        "FFN_CENSUS_SUBMIT",
        options.replace(';', ',').replace("OTHER", home.resolve("other.conf").toString()));
    String config = home.resolve("nightly.conf").toString();
    List<String> said = launch("yarn", "run", "--config", config);
    assertThat(said.get(said.lastIndexOf("--files") + 1))
        .as("the last one counts")
        .isEqualTo(files.replace(';', ',') + "," + config);
  }

  @Test
  void discoverGpus_asksTheDriver_unlessItIsTold() throws Exception {
    environment.put("FFN_CENSUS_GPU_ADDRESSES", "2 3");
    assertThat(launch("discover-gpus"))
        .containsExactly("{\"name\": \"gpu\", \"addresses\": [\"2\",\"3\"]}");
    environment.remove("FFN_CENSUS_GPU_ADDRESSES");
    write("bin/nvidia-smi", "#!/bin/bash\nprintf '0\\n1\\n'\n");
    environment.put("PATH", home.resolve("bin") + ":" + System.getenv("PATH"));
    assertThat(launch("discover-gpus"))
        .containsExactly("{\"name\": \"gpu\", \"addresses\": [\"0\",\"1\"]}");
  }

  private String jar() {
    return home.resolve("jobs/target/ffn-census-jobs.jar").toString();
  }

  private List<String> launch(String script, String... arguments) throws Exception {
    List<String> line =
        new ArrayList<>(List.of(home.resolve("submit-scripts").resolve(script).toString()));
    line.addAll(List.of(arguments));
    return run(line.toArray(String[]::new));
  }

  private List<String> run(String... line) throws Exception {
    Path output = home.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(key -> key.matches("(FFN_CENSUS|SPARK|HADOOP|YARN)_.*"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(String.join(" ", line)).isTrue();
    return Files.readAllLines(output, StandardCharsets.UTF_8);
  }

  private void write(String file, String text) throws IOException {
    Path path = home.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
    assertThat(path.toFile().setExecutable(true)).isTrue();
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(SCRIPTS)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
