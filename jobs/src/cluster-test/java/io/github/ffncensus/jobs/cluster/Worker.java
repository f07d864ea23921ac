package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A worker of a standalone cluster; an executor for each of its cores.
 *
 * @param work where its executors write their logs
 */
record Worker(ServerProcess process, Path work) {
  private static final Pattern TASK = Pattern.compile("Running task ");

  /** The processes of its executors. */
  List<ProcessHandle> executors() {
    return process.children().stream()
        .filter(child -> child.isAlive() && child.info().command().orElse("").endsWith("java"))
        .toList();
  }

  /** Tasks that its executors have begun since it was started. */
  long tasks() throws IOException {
    return TASK.matcher(log()).results().count();
  }

  /** What all its executors have logged. */
  String log() throws IOException {
    return String.join("", logs());
  }

  // Spark deletes the folders of applications that are over, at any time.
  private static String read(Path log) throws IOException {
    try {
      return new String(Files.readAllBytes(log), java.nio.charset.StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /** What each of its executors has logged. */
  List<String> logs() throws IOException {
    if (!Files.exists(work)) {
      return List.of();
    }
    List<Path> files;
    try (Stream<Path> all = Files.walk(work, 3)) {
      files = all.filter(file -> file.endsWith("stderr")).toList();
    }
    List<String> logs = new ArrayList<>();
    for (Path file : files) {
      logs.add(read(file));
    }
    return logs;
  }

  /** Sends a signal such as STOP, which is a machine that hangs. */
  static void signal(ProcessHandle process, String signal) throws IOException {
    try {
      int code =
          new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
      if (code != 0) {
        throw new IOException("kill -" + signal + " ended with " + code);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
