package io.github.ffncensus.jobs;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs commands in processes of their own, which can die. */
final class ChildCensus {
  private static final List<String> SPARK =
      List.of("spark.master=local[2]", "spark.ui.enabled=false", "spark.driver.host=127.0.0.1");

  private final Path config;
  private final Path log;
  private final List<String> settings;

  /**
   * @param settings {@code key=value} of all commands
   */
  ChildCensus(Path folder, List<String> settings) throws IOException {
    this.config = Files.writeString(folder.resolve("empty.conf"), "");
    this.log = folder.resolve("child.log");
    this.settings = List.copyOf(settings);
  }

  /**
   * @param options of the virtual machine
   */
  Process start(String command, String... options) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-Dai.djl"))
        .forEach(line::add);
    SPARK.forEach(setting -> line.add("-D" + setting));
    line.addAll(List.of(options));
    line.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    line.addAll(List.of(FfnCensus.class.getName(), command, "--config", config.toString()));
    line.addAll(settings);
    return new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  /** Runs a command to its end and returns its exit code. */
  int run(String command, String... options) throws IOException {
    Process process = start(command, options);
    try {
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        throw new IllegalStateException("no end after 5 minutes: " + log());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** What the last command printed. */
  String log() throws IOException {
    return Files.readString(log);
  }
}
