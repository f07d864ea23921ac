package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** The Dockerfile, the operator's manifest and the schedules: what in them can be checked here. */
class DeploymentFilesTest {
  private static final Path PROJECT = Path.of("..");
  private static final Path SCRIPTS = PROJECT.resolve("submit-scripts");
  private static final String IN_IMAGE = "/opt/ffn-census/jobs/target/ffn-census-jobs.jar";

  @TempDir Path folder;

  @Test
  void theImage_hasWhatTheLaunchersName_andRunsAsAUser() throws IOException {
    List<String> lines = Files.readAllLines(SCRIPTS.resolve("Dockerfile"));
    List<String> users = lines.stream().filter(line -> line.startsWith("USER ")).toList();
    assertThat(users.get(users.size() - 1)).isEqualTo("USER 185");
    List<String> copies = new ArrayList<>();
    for (String line : lines) {
      Matcher copy = Pattern.compile("COPY (?:--\\S+ )?(\\S+) (\\S+)").matcher(line);
      if (copy.matches()) {
        copies.add(copy.group(2));
        if (!copy.group(1).startsWith("jobs/target/")) {
          assertThat(PROJECT.resolve(copy.group(1))).exists();
        }
      }
    }
    assertThat(copies).contains(IN_IMAGE, "/opt/ffn-census/submit-scripts", "/opt/ffn-census/conf");
    String text = String.join("\n", lines);
    assertThat(text).contains("apache/spark:" + sparkVersion() + "-scala2.13");
    assertThat(text)
        .as("a folder of the image's user, for all that wants one")
        .contains("HOME=/home/ffn-census", "DJL_CACHE_DIR=/home/ffn-census/", "-o 185 -g 0");
  }

  @Test
  void theBuildOfTheImage_isSentWhatItCopies_andNothingElse() throws IOException {
    List<String> sent =
        Files.readAllLines(PROJECT.resolve(".dockerignore")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();
    assertThat(sent.get(0)).isEqualTo("*");
    List<String> copied = new ArrayList<>();
    for (String line : Files.readAllLines(SCRIPTS.resolve("Dockerfile"))) {
      Matcher copy = Pattern.compile("COPY (?:--\\S+ )?(\\S+) \\S+").matcher(line);
      if (copy.matches()) {
        copied.add("!" + copy.group(1));
      }
    }
    assertThat(sent.subList(1, sent.size())).containsExactlyInAnyOrderElementsOf(copied);
  }

  /** DJL has glue for one CUDA version; whoever names it must name that. */
  @Test
  void theCudaVersion_isTheOneThatDjlHasGlueFor() throws IOException {
    String flavor = cudaFlavor();
    String spoken = "CUDA " + flavor.replaceFirst("cu(\\d\\d)(\\d)", "$1.$2");
    for (String file :
        List.of(
            "README.md",
            "docs/operations.md",
            "submit-scripts/Dockerfile",
            "submit-scripts/lib.sh",
            "submit-scripts/spark-application.yaml")) {
      assertThat(Files.readString(PROJECT.resolve(file))).as(file).contains(spoken);
    }
    assertThat(Files.readString(SCRIPTS.resolve("lib.sh"))).contains("PYTORCH_FLAVOR=" + flavor);
    assertThat(Files.readString(SCRIPTS.resolve("Dockerfile")))
        .contains("PYTORCH_FLAVOR=" + flavor);
  }

  /** Such as cu128. */
  private static String cudaFlavor() throws IOException {
    Pattern cuda = Pattern.compile("jnilib/linux-x86_64/(cu\\d+)/");
    URL cpu = DeploymentFilesTest.class.getResource("/jnilib/linux-x86_64/cpu/libdjl_torch.so");
    JarURLConnection jar = (JarURLConnection) cpu.openConnection();
    jar.setUseCaches(false);
    try (JarFile file = jar.getJarFile()) {
      List<String> flavors =
          file.stream()
              .map(entry -> cuda.matcher(entry.getName()))
              .filter(Matcher::matches)
              .map(entry -> entry.group(1))
              .toList();
      assertThat(flavors).hasSize(1);
      return flavors.get(0);
    }
  }

  @Test
  void theOperatorsManifest_namesWhatThereIs() throws IOException {
    Map<String, Object> manifest =
        new Yaml().load(Files.readString(SCRIPTS.resolve("spark-application.yaml")));
    assertThat(manifest)
        .containsEntry("apiVersion", "sparkoperator.k8s.io/v1beta2")
        .containsEntry("kind", "SparkApplication");
    Map<String, Object> spec = map(manifest, "spec");
    assertThat(spec)
        .containsEntry("type", "Java")
        .containsEntry("mode", "cluster")
        .containsEntry("sparkVersion", sparkVersion())
        .containsEntry("mainClass", FfnCensus.class.getName())
        .containsEntry("mainApplicationFile", "local://" + IN_IMAGE)
        .containsKey("image");
    assertThat(map(spec, "restartPolicy")).containsEntry("type", "OnFailure");
    Map<String, Object> conf = map(spec, "sparkConf");
    assertThat(conf.values()).as("the operator wants strings").allMatch(String.class::isInstance);
    assertThat(conf)
        .containsEntry(
            "spark.executor.resource.gpu.discoveryScript",
            "/opt/ffn-census/submit-scripts/discover-gpus")
        .containsEntry("spark.executor.resource.gpu.vendor", "nvidia.com")
        .containsEntry("spark.executor.resource.gpu.amount", "1");
    assertThat(map(spec, "dynamicAllocation"))
        .containsEntry("enabled", true)
        .containsEntry("maxExecutors", 8)
        .containsEntry("shuffleTrackingTimeout", 60000);
    assertThat(map(spec, "executor"))
        .as("those to start with, for which the operator takes 1 without dynamic allocation")
        .doesNotContainKey("instances");
    assertThat(map(spec, "executor").get("env").toString())
        .contains(
            "name=PYTORCH_LIBRARY_PATH, value=/opt/libtorch/lib",
            "name=PYTORCH_FLAVOR, value=" + cudaFlavor());
    for (String role : List.of("driver", "executor")) {
      Map<String, Object> pod = map(spec, role);
      assertThat(map(pod, "securityContext"))
          .as(role)
          .containsEntry("runAsNonRoot", true)
          .containsEntry("runAsUser", 185)
          .containsEntry("allowPrivilegeEscalation", false);
      assertThat(pod).as(role).containsKeys("cores", "memory", "env", "volumeMounts");
    }
  }

  @Test
  void cron_runsAndVerifiesUnderTheDateOfTheStart() throws Exception {
    String line =
        Files.readAllLines(SCRIPTS.resolve("crontab")).stream()
            .filter(l -> l.matches("\\d.*"))
            .findFirst()
            .orElseThrow();
    Matcher schedule = Pattern.compile("((?:[\\d*/,-]+\\s+){5})(\\S.*)").matcher(line);
    assertThat(schedule.matches()).as(line).isTrue();
    String command = schedule.group(2);
    assertThat(command.replace("\\%", "")).as("% ends a command of cron").doesNotContain("%");

    Files.createDirectories(folder.resolve("submit-scripts"));
    for (String script : List.of("yarn", "local")) {
      Path file = folder.resolve("submit-scripts").resolve(script);
      Files.writeString(file, "#!/bin/bash\necho \"$(basename \"$0\")\" \"$@\"\n");
      assertThat(file.toFile().setExecutable(true)).isTrue();
    }
    LocalDate before = LocalDate.now();
    List<String> said =
        run(
            "bash",
            "-c",
            "CONFIG=nightly.conf; "
                + command.replace("\\%", "%").replace("/opt/ffn-census", folder.toString()));
    assertThat(List.of(before, LocalDate.now()))
        .anySatisfy(
            day ->
                assertThat(said)
                    .containsExactly(
                        "yarn run --config nightly.conf run-id=" + day,
                        "local verify --config nightly.conf run-id=" + day));
  }

  @Test
  void airflow_runsThenVerifiesUnderTheDateOfTheSchedule() throws Exception {
    assumeTrue(hasPython(), "python3");
    Files.createDirectories(folder.resolve("airflow/operators"));
    Files.writeString(
        folder.resolve("airflow/__init__.py"),
        """
        class DAG:
            def __init__(self, **settings):
                print(settings["dag_id"], settings["schedule"], settings["max_active_runs"])
            def __enter__(self):
                return self
            def __exit__(self, *failure):
                return False
        """);
    Files.writeString(folder.resolve("airflow/operators/__init__.py"), "");
    Files.writeString(
        folder.resolve("airflow/operators/bash.py"),
        """
        class BashOperator:
            def __init__(self, task_id, bash_command):
                self.task_id = task_id
                print(task_id, bash_command)
            def __rshift__(self, other):
                print(self.task_id, ">>", other.task_id)
                return other
        """);
    String config = "{{ var.value.get('ffn_census_config', '/etc/ffn-census/nightly.conf') }}";
    String scripts = "{{ var.value.get('ffn_census_home', '/opt/ffn-census') }}/submit-scripts/";
    String cluster = "{{ var.value.get('ffn_census_cluster', 'yarn') }}";
    assertThat(run("python3", "-B", SCRIPTS.resolve("airflow_dag.py").toString()))
        .containsExactly(
            "ffn_census 0 2 * * * 1",
            "census %s%s run --config %s run-id={{ ds }}".formatted(scripts, cluster, config),
            "verify %slocal verify --config %s run-id={{ ds }}".formatted(scripts, config),
            "census >> verify");
  }

  private boolean hasPython() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "-V")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private List<String> run(String... line) throws Exception {
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("PYTHONPATH", folder.toString());
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(String.join(" ", line)).isTrue();
    return Files.readAllLines(output, StandardCharsets.UTF_8);
  }

  private static String sparkVersion() throws IOException {
    Matcher version =
        Pattern.compile("<spark.version>(.+)</spark.version>")
            .matcher(Files.readString(PROJECT.resolve("pom.xml")));
    assertThat(version.find()).isTrue();
    return version.group(1);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Map<String, Object> parent, String key) {
    return (Map<String, Object>) parent.get(key);
  }
}
