package io.github.ffncensus.jobs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs commands in this process as {@code main} would, in local mode, and keeps what they print.
 */
public final class CensusCli implements AutoCloseable {
  private final Path config;
  private final List<String> settings;
  private final Map<String, String> properties = new TreeMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /**
   * @param settings {@code key=value} of all commands
   */
  public CensusCli(Path folder, List<String> settings) throws IOException {
    this.config = Files.writeString(folder.resolve("empty.conf"), "");
    this.settings = List.copyOf(settings);
    property("spark.ui.enabled", "false");
    property("spark.master", "local[2]");
    property("spark.driver.host", "127.0.0.1");
  }

  /** Sets a property of this process until this is closed. */
  public CensusCli property(String name, String value) {
    properties.put(name, value);
    System.setProperty(name, value);
    return this;
  }

  /**
   * Runs a command and returns its exit code.
   *
   * @param more options and settings, which go over those of all commands
   */
  public int run(String command, String... more) {
    out.reset();
    err.reset();
    List<String> arguments = new ArrayList<>(List.of(command, "--config", config.toString()));
    arguments.addAll(settings);
    arguments.addAll(List.of(more));
    return FfnCensus.execute(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments.toArray(String[]::new));
  }

  /** Standard output of the last command. */
  public String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Standard error of the last command. */
  public String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    properties.keySet().forEach(System::clearProperty);
  }
}
