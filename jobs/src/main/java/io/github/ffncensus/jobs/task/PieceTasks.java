package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/**
 * Runs pieces of work so that every piece that can be computed is, whatever becomes of the others.
 *
 * <p>A piece whose task throws in every attempt is told as failed. A piece that takes its process
 * with it makes Spark give up the whole job after some lost executors; the rest is then run without
 * it. Other tasks of the same process are lost along with it, and Spark may blame one of them in
 * its place, so a piece that was blamed is run once more, alone, before it counts as failed. In
 * local mode that process is the driver's, and nothing can be told of its death.
 *
 * @param <R> what a task tells
 */
public final class PieceTasks<R extends Serializable> {

  /** So many failures are no fault of single pieces, and trying the others is a waste. */
  static final int MOST_FAILURES = 20;

  private static final String MAX_FAILURES = "spark.task.maxFailures";
  private static final int DEFAULT_MAX_FAILURES = 4;

  private static final Pattern LOCAL =
      Pattern.compile("local(\\[\\s*[^,\\]]+\\s*(,\\s*(\\d+)\\s*)?\\])?");

  /** Makes a partition of each of some pieces, in their order, with its outcome. */
  interface Job<R extends Serializable> {
    JavaRDD<Outcome<R>> of(List<Integer> pieces);
  }

  private final JavaSparkContext spark;
  private final Job<R> job;
  private final BiConsumer<Integer, R> onDone;
  private final Set<Integer> left;
  private final Map<Integer, String> failures = Collections.synchronizedMap(new TreeMap<>());

  private PieceTasks(
      JavaSparkContext spark, List<Integer> pieces, Job<R> job, BiConsumer<Integer, R> onDone) {
    this.spark = spark;
    this.job = job;
    this.onDone = onDone;
    this.left = Collections.synchronizedSet(new TreeSet<>(pieces));
  }

  /**
   * Runs a task per piece.
   *
   * @param part of the stage
   * @param work by the piece's number
   * @param onDone called on the driver, once per piece that is done
   * @return the pieces that failed, with the reason in words
   * @throws CensusException of kind RUN_FAILED if more than {@value #MOST_FAILURES} fail, and of
   *     the task's own kind if a task finds something wrong with the run as a whole
   */
  public static <W extends Serializable, R extends Serializable> Map<Integer, String> run(
      JavaSparkContext spark,
      String part,
      Map<Integer, W> work,
      Function<W, R> task,
      BiConsumer<Integer, R> onDone) {
    Contained contained = contained(spark, part);
    return run(
        spark,
        List.copyOf(work.keySet()),
        numbers -> {
          List<Piece<W>> pieces = new ArrayList<>();
          numbers.forEach(number -> pieces.add(new Piece<>(number, work.get(number))));
          return GpuStages.on(
              spark
                  .parallelize(pieces, pieces.size())
                  .map(piece -> contained.run(piece.number(), () -> task.call(piece.work()))),
              task);
        },
        onDone);
  }

  /** As above, where the job gets at the work in its own way. */
  static <R extends Serializable> Map<Integer, String> run(
      JavaSparkContext spark, List<Integer> pieces, Job<R> job, BiConsumer<Integer, R> onDone) {
    PieceTasks<R> tasks = new PieceTasks<>(spark, pieces, job, onDone);
    tasks.runAll();
    return tasks.failures;
  }

  /** For the tasks of a part. */
  static Contained contained(JavaSparkContext spark, String part) {
    int configured = spark.getConf().getInt(MAX_FAILURES, DEFAULT_MAX_FAILURES);
    return new Contained(part, attempts(spark.master(), configured));
  }

  /** After how many failures of a task Spark gives up; in local mode the master alone says so. */
  static int attempts(String master, int configured) {
    Matcher local = LOCAL.matcher(master);
    if (!local.matches()) {
      return configured;
    }
    return local.group(3) == null ? 1 : Integer.parseInt(local.group(3));
  }

  private record Piece<W extends Serializable>(int number, W work) implements Serializable {}

  private void runAll() {
    List<Integer> blamed = new ArrayList<>();
    while (!left.isEmpty()) {
      List<Integer> pieces = List.copyOf(left);
      Integer crashed = runUntilOneCrashes(pieces);
      if (crashed != null) {
        left.remove(crashed);
        blamed.add(crashed);
      }
    }
    for (Integer piece : blamed) {
      if (runUntilOneCrashes(List.of(piece)) != null) {
        fail(piece, "its process died in every attempt; the executors' logs say why");
      }
    }
  }

  /**
   * Runs pieces until each is done or failed, or until one has crashed too often.
   *
   * @return the one that did, or null
   */
  private Integer runUntilOneCrashes(List<Integer> pieces) {
    JavaRDD<Outcome<R>> results = job.of(pieces);
    // Jobs that Spark runs to know the partitions are none of the pieces'.
    results.getNumPartitions();
    try (ResultStage stage = ResultStage.ofNextJob(spark)) {
      return runUntilOneCrashes(pieces, results, stage);
    }
  }

  private Integer runUntilOneCrashes(
      List<Integer> pieces, JavaRDD<Outcome<R>> results, ResultStage stage) {
    try {
      PartitionTasks.collect(spark, results, outcomeType(), this::take);
      return null;
    } catch (CensusException e) {
      throw e;
    } catch (Exception e) {
      // Spark throws its checked exceptions without declaring them.
      return stage
          .crashed(String.valueOf(e.getMessage()))
          .map(pieces::get)
          .orElseThrow(() -> new IllegalStateException("a job was given up", e));
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Serializable> Class<Outcome<T>> outcomeType() {
    return (Class<Outcome<T>>) (Class<?>) Outcome.class;
  }

  private void take(Outcome<R> outcome) {
    left.remove(outcome.number());
    if (outcome.failure() == null) {
      onDone.accept(outcome.number(), outcome.told());
    } else {
      fail(outcome.number(), outcome.failure());
    }
  }

  private void fail(int piece, String reason) {
    failures.put(piece, reason);
    if (failures.size() > MOST_FAILURES) {
      throw CensusException.runFailed(
          "more than %d pieces of work failed, so that the fault is in none of them; the last, %d: %s"
              .formatted(MOST_FAILURES, piece, reason));
    }
  }
}
