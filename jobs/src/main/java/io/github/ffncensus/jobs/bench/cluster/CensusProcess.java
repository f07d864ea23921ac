package io.github.ffncensus.jobs.bench.cluster;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.FfnCensus;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A whole run as processes of their own: a driver, and an executor with one core that it starts
 * (Spark's master {@code local-cluster}). The heaps have their full size from the start and all of
 * it in real memory, so that what grows is not the garbage that a collector lets lie.
 */
final class CensusProcess {
  private static final long RESIDENT_MILLIS = 50;
  private static final int LOOKS_PER_COLLECTION = 6;
  private static final String EXECUTOR_CLASS = "CoarseGrainedExecutorBackend";

  private final Path work;
  private final int heapMegabytes;

  /**
   * @param work folder for what Spark writes
   * @param heapMegabytes of the driver, and of the executor
   */
  CensusProcess(Path work, int heapMegabytes) {
    this.work = work;
    this.heapMegabytes = heapMegabytes;
  }

  /**
   * Memory of a process, in bytes.
   *
   * @param resident the most at any time
   * @param heaps what full collections left, at one look after the other
   */
  record Memory(long resident, List<Long> heaps) {

    /**
     * The largest of some looks, evenly spaced. What lies in a heap rises and falls within a shard,
     * so the more looks, the larger the largest: runs are compared at equally many.
     */
    long heap(int looks) {
      return IntStream.range(0, looks)
          .mapToLong(look -> heaps.get((int) ((long) look * heaps.size() / looks)))
          .max()
          .orElse(0);
    }
  }

  record Memories(Memory driver, Memory executor) {}

  /**
   * Runs {@code ffn-census run} and watches it.
   *
   * @param settings all that the configuration needs
   * @throws CensusException of kind RUN_FAILED if the run fails
   */
  Memories run(String name, List<String> settings) throws IOException, InterruptedException {
    Path sparkHome = work.resolve("spark-home");
    // Spark insists on the folder; the classes come from this process's class path.
    Files.createDirectories(sparkHome.resolve("jars"));
    Path config = Files.writeString(work.resolve(name + ".conf"), "");
    Path log = work.resolve(name + ".log");
    List<String> command = new ArrayList<>(driver());
    command.addAll(List.of("run", "--config", config.toString()));
    command.addAll(settings);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(log.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("SPARK_HOME", sparkHome.toString());
    environment.put("SPARK_SCALA_VERSION", scalaVersion());
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    Process process = builder.start();
    try (WatchedProcess driver = new WatchedProcess(process.toHandle())) {
      Memories memories = watch(process, driver);
      if (process.waitFor() != 0) {
        throw CensusException.runFailed("the run failed: " + Files.readString(log), null);
      }
      return memories;
    } finally {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
  }

  private static Memories watch(Process process, WatchedProcess driver)
      throws InterruptedException {
    WatchedProcess executor = null;
    try {
      for (int look = 0; process.isAlive(); look++) {
        if (executor == null) {
          executor = executor(process);
        }
        for (WatchedProcess watched :
            executor == null ? List.of(driver) : List.of(driver, executor)) {
          watched.lookAtResident();
          if (look % LOOKS_PER_COLLECTION == 0) {
            watched.lookAtHeap();
          }
        }
        Thread.sleep(RESIDENT_MILLIS);
      }
      return new Memories(
          memory(driver), executor == null ? new Memory(0, List.of()) : memory(executor));
    } finally {
      if (executor != null) {
        executor.close();
        executor.process().destroy();
        executor.process().onExit().join();
      }
    }
  }

  private static Memory memory(WatchedProcess watched) {
    return new Memory(watched.peakResident(), watched.heaps());
  }

  /** Null while there is none. */
  private static WatchedProcess executor(Process driver) {
    return driver
        .descendants()
        .filter(CensusProcess::isExecutor)
        .findFirst()
        .map(WatchedProcess::new)
        .orElse(null);
  }

  /**
   * Told by the class that it runs, since every child that a Java process starts is a copy of it
   * for a moment, even if it is a shell. The list of arguments of a {@link ProcessHandle} ends
   * after a page, which a class path fills.
   */
  private static boolean isExecutor(ProcessHandle child) {
    try {
      return Files.readString(Path.of("/proc/" + child.pid() + "/cmdline"))
          .contains(EXECUTOR_CLASS);
    } catch (IOException e) {
      // It has ended.
      return false;
    }
  }

  private List<String> driver() {
    String classPath = classPath();
    String heap = "-Xms%dm -XX:+AlwaysPreTouch".formatted(heapMegabytes);
    List<String> own = ownOptions().toList();
    Stream<String> djl = own.stream().filter(option -> option.startsWith("-Dai.djl."));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(own);
    command.add("-Xmx%dm".formatted(heapMegabytes));
    command.addAll(List.of(heap.split(" ")));
    Map<String, String> spark =
        Map.of(
            "spark.master",
            "local-cluster[1,1,%d]".formatted(heapMegabytes),
            "spark.executor.memory",
            heapMegabytes + "m",
            "spark.executor.extraClassPath",
            classPath,
            "spark.executor.extraJavaOptions",
            String.join(" ", Stream.concat(Stream.of(heap), djl).toList()),
            "spark.driver.host",
            "127.0.0.1",
            "spark.driver.bindAddress",
            "127.0.0.1",
            "spark.ui.enabled",
            "false",
            "spark.local.dir",
            work.resolve("spark-local").toString(),
            "spark.sql.warehouse.dir",
            work.resolve("spark-warehouse").toString());
    spark.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.addAll(List.of("-cp", classPath, FfnCensus.class.getName()));
    return command;
  }

  /** Of this process; an executor has a working folder of its own. */
  private static String classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** How this process was started, but for its heap and what watches it. */
  private static Stream<String> ownOptions() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-Xm") && !option.startsWith("-javaagent"));
  }

  /** Such as 2.13. */
  private static String scalaVersion() {
    String[] parts = scala.util.Properties.versionNumberString().split("\\.");
    return parts[0] + "." + parts[1];
  }
}
