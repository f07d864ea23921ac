package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A Java process that a test starts, with its output in a file; it ends with its children. */
final class ServerProcess implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMinutes(5);

  /** What a test waits for. */
  @FunctionalInterface
  interface Condition {
    boolean holds() throws IOException;
  }

  /** For Java processes that live a minute, which is not worth what the second compiler costs. */
  static final Map<String, String> SHORT_LIVED =
      Map.of("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");

  private final Process process;
  private final Path log;

  private ServerProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * @param classpath such as {@code folder/*}
   * @param arguments Java options, main class, its arguments
   */
  static ServerProcess java(
      String classpath, Map<String, String> environment, Path log, List<String> arguments)
      throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-cp", classpath));
    line.addAll(arguments);
    return start(line, environment, log);
  }

  static ServerProcess start(List<String> line, Map<String, String> environment, Path log)
      throws IOException {
    Files.createDirectories(log.getParent());
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().putAll(environment);
    ServerProcess server = new ServerProcess(builder.redirectOutput(log.toFile()).start(), log);
    // Also of tests that are stopped.
    Runtime.getRuntime().addShutdownHook(new Thread(server::destroy));
    return server;
  }

  Process process() {
    return process;
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  /** Waits until something listens; fails with the log if the process ends or time runs out. */
  void awaitPort(int port) throws IOException {
    await(() -> isOpen(port), "port " + port);
  }

  void await(Condition condition, String what) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new IllegalStateException("no " + what + "; the process wrote:\n" + log());
      }
      pause(10);
    }
  }

  /** Whether the process ends by itself in time. */
  boolean endsWithin(Duration time) {
    try {
      return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean isOpen(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGKILL, to the process and to all that it started. */
  void kill() {
    destroy();
    endsWithin(PATIENCE);
  }

  private void destroy() {
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
  }

  @Override
  public void close() {
    kill();
  }

  /** What the process started, the newest last. */
  List<ProcessHandle> children() {
    return process.descendants().sorted(Comparator.comparing(ProcessHandle::pid)).toList();
  }
}
