package io.github.ffncensus.jobs.plan;

import io.github.ffncensus.jobs.TestSpark;
import io.github.ffncensus.jobs.task.PartitionTasks;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** What a job's tasks take of the driver's heap, measured in a process that does nothing else. */
final class SparkTaskHeap {
  private SparkTaskHeap() {}

  /**
   * @param folder for what the process writes
   * @return bytes, the median of three measurements
   */
  static long measure(int tasks, Path folder) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens"))
        .forEach(line::add);
    line.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    Path result = folder.resolve("heap.txt");
    line.addAll(List.of(SparkTaskHeap.class.getName(), Integer.toString(tasks), result.toString()));
    Path log = folder.resolve("heap.log");
    Process process =
        new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IllegalStateException("no measurement: " + Files.readString(log));
      }
      return Long.parseLong(Files.readString(result));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * @param arguments the number of tasks, and the file that the result goes to
   */
  public static void main(String[] arguments) throws IOException {
    int tasks = Integer.parseInt(arguments[0]);
    Path result = Path.of(arguments[1]);
    try (SparkSession session = TestSpark.start("local[2]", result.getParent())) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      List<Integer> work = IntStream.range(0, tasks).boxed().toList();
      // What the first job leaves behind is there once.
      PartitionTasks.run(spark, work.subList(0, 10), number -> number, Integer.class, number -> {});
      long[] taken = IntStream.range(0, 3).mapToLong(i -> atItsEnd(spark, work)).sorted().toArray();
      Files.writeString(result, Long.toString(taken[1]));
    }
  }

  /** Bytes that a job has on the heap when the last of its tasks is done. */
  private static long atItsEnd(JavaSparkContext spark, List<Integer> work) {
    long before = heap();
    AtomicInteger done = new AtomicInteger();
    AtomicLong after = new AtomicLong();
    PartitionTasks.run(
        spark,
        work,
        number -> number,
        Integer.class,
        number -> {
          if (done.incrementAndGet() == work.size()) {
            after.set(heap());
          }
        });
    return after.get() - before;
  }

  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
