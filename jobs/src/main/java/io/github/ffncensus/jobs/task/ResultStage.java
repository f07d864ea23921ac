package io.github.ffncensus.jobs.task;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import scala.collection.Iterable;
import scala.collection.Iterator;

/**
 * Tells which partition of a job's result a task was for that Spark calls by its number in a stage.
 * The stages before a shuffle number other tasks, and a stage that is tried again numbers only
 * those that it lacks.
 */
final class ResultStage extends SparkListener implements AutoCloseable {
  private static final String MARK = "ffn-census.result-stage";

  private static final Pattern CRASHED =
      Pattern.compile(
          "Task (\\d+) in stage (\\d+)\\.(\\d+) failed \\d+ times.*?ExecutorLostFailure");

  /** For events that are still under way when the job has failed. */
  private static final int PATIENCE_SECONDS = 10;

  /** Among the parts of {@link SparkListenerJobStart}. */
  private static final int STAGE_INFOS = 2;

  private final JavaSparkContext spark;
  private final String mark = UUID.randomUUID().toString();
  private final CompletableFuture<Integer> stage = new CompletableFuture<>();
  private final Map<Task, Integer> retried = new ConcurrentHashMap<>();

  private record Task(int stage, int attempt, int index) {}

  private ResultStage(JavaSparkContext spark) {
    this.spark = spark;
  }

  /** Of the job that this thread runs next. */
  static ResultStage ofNextJob(JavaSparkContext spark) {
    ResultStage result = new ResultStage(spark);
    spark.sc().addSparkListener(result);
    spark.setLocalProperty(MARK, result.mark);
    return result;
  }

  @Override
  public void onJobStart(SparkListenerJobStart job) {
    if (job.properties() == null || !mark.equals(job.properties().getProperty(MARK))) {
      return;
    }
    // A stage gets its number after those that it needs.
    int last = -1;
    for (Iterator<?> stages = stageInfos(job).iterator(); stages.hasNext(); ) {
      last = Math.max(last, ((StageInfo) stages.next()).stageId());
    }
    stage.complete(last);
  }

  /** Not by its name: the type of that differs between Spark for Scala 2.12 and for 2.13. */
  private static Iterable<?> stageInfos(SparkListenerJobStart job) {
    return (Iterable<?>) job.productElement(STAGE_INFOS);
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart task) {
    if (task.stageAttemptId() > 0) {
      retried.put(
          new Task(task.stageId(), task.stageAttemptId(), task.taskInfo().index()),
          task.taskInfo().partitionId());
    }
  }

  /**
   * The partition whose task made Spark give the job up, by taking its process with it in every
   * attempt.
   *
   * @param message of Spark's exception
   */
  Optional<Integer> crashed(String message) {
    Matcher crash = CRASHED.matcher(message);
    if (!crash.find()) {
      return Optional.empty();
    }
    Task task =
        new Task(
            Integer.parseInt(crash.group(2)),
            Integer.parseInt(crash.group(3)),
            Integer.parseInt(crash.group(1)));
    if (task.stage != id()) {
      return Optional.empty();
    }
    return Optional.ofNullable(task.attempt == 0 ? Integer.valueOf(task.index) : retried.get(task));
  }

  /** Its number; -1 if Spark never told. */
  int id() {
    try {
      return stage.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    } catch (ExecutionException | TimeoutException e) {
      return -1;
    }
  }

  @Override
  public void close() {
    spark.setLocalProperty(MARK, null);
    spark.sc().removeSparkListener(this);
  }
}
