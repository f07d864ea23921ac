package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.launcher.JavaModuleOptions;

/** Runs ffn-census through the shipped scripts, as a user would. */
final class CensusCommand {
  static final List<String> MODULE_OPTIONS =
      List.of(JavaModuleOptions.defaultModuleOptions().trim().split("\\s+"));

  private final Path folder;
  private final String script;
  private final Map<String, String> environment = new LinkedHashMap<>();
  private final List<String> submit = new ArrayList<>();
  private int runs;

  private CensusCommand(Path folder, String script) {
    this.folder = folder;
    this.script = script;
    environment.put("FFN_CENSUS_MEMORY", "1g");
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    environment.put("FFN_CENSUS_LOG", folder.resolve("spark.log").toString());
    environment.putAll(ServerProcess.SHORT_LIVED);
    // Tables of a few hundred rows.
    submit.addAll(List.of("--conf", "spark.sql.shuffle.partitions=4"));
  }

  /** In local mode. */
  static CensusCommand local(Path folder) {
    return new CensusCommand(folder, "local");
  }

  /** On a standalone cluster. */
  static CensusCommand on(StandaloneCluster cluster, Path folder) {
    CensusCommand command = new CensusCommand(folder, "standalone");
    command.environment.put("FFN_CENSUS_MASTER", cluster.url());
    command.environment.put("SPARK_HOME", cluster.sparkHome().toString());
    command.environment.put("FFN_CENSUS_EXECUTOR_MEMORY", "1g");
    command.environment.put(
        "FFN_CENSUS_EXECUTOR_CACHE", MavenJars.PROJECT.resolve("target/djl").toString());
    command.submit.addAll(
        List.of(
            "--conf",
            "spark.driver.host=127.0.0.1",
            "--conf",
            "spark.driver.bindAddress=127.0.0.1"));
    return command;
  }

  CensusCommand with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** Further options of spark-submit. */
  CensusCommand submit(String... options) {
    submit.addAll(List.of(options));
    return this;
  }

  /** What a command printed, and how it ended. */
  record Result(int exitCode, String output) {

    Result expect(int code) {
      assertThat(exitCode).as(output).isEqualTo(code);
      return this;
    }
  }

  /** Starts the command and leaves it running. */
  ServerProcess start(List<String> arguments) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(MavenJars.PROJECT.resolve("submit-scripts").resolve(script).toString());
    line.addAll(arguments);
    Map<String, String> all = new LinkedHashMap<>(environment);
    all.put("FFN_CENSUS_SUBMIT", String.join(" ", submit));
    return ServerProcess.start(line, all, folder.resolve("command-" + runs++ + ".log"));
  }

  Result run(List<String> arguments) throws IOException {
    try (ServerProcess process = start(arguments)) {
      return end(process);
    }
  }

  /** Waits for a command that was started. */
  static Result end(ServerProcess process) throws IOException {
    if (!process.endsWithin(Duration.ofMinutes(30))) {
      throw new IllegalStateException("no end after 30 minutes:\n" + process.log());
    }
    return new Result(process.process().exitValue(), process.log());
  }
}
