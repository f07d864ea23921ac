package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.Failures;
import io.github.ffncensus.jobs.fault.FaultPoint;
import java.io.Serializable;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.shuffle.FetchFailedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.util.control.NonFatal;

/**
 * Runs the task of one piece so that its failure is its own: when Spark would give the whole job
 * up, the piece ends as failed instead and the others go on.
 *
 * @param part of the stage, for the places of faults
 * @param attempts after which Spark gives a job up
 */
record Contained(String part, int attempts) implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger("io.github.ffncensus.pieces");

  /** What a task does. */
  @FunctionalInterface
  interface Work<R> {
    R call() throws Exception;
  }

  <R extends Serializable> Outcome<R> run(int number, Work<R> work) throws Exception {
    String place = part + ":" + number;
    int attempt = TaskContext.get().attemptNumber();
    // Of a piece that takes its process with it, this is all that is left.
    LOG.info("event=piece_begun piece={} attempt={}", place, attempt);
    try {
      FaultPoint.TASK_START.reached(place);
      R told = work.call();
      FaultPoint.TASK_END.reached(place);
      LOG.info("event=piece_done piece={} attempt={}", place, attempt);
      return Outcome.done(number, told);
    } catch (Exception | Error e) {
      LOG.info("event=piece_failed piece={} attempt={}", place, attempt);
      boolean last = attempt + 1 >= attempts;
      if (last && isOfThePiece(e)) {
        return Outcome.failed(number, describe(e));
      }
      throw e;
    }
  }

  /** Not what Spark itself must see, nor what is wrong with the run as a whole. */
  private static boolean isOfThePiece(Throwable failure) {
    boolean ofTheRun =
        CensusException.in(failure)
            .filter(known -> known.kind() != CensusException.Kind.RUN_FAILED)
            .isPresent();
    return NonFatal.apply(failure)
        && !(failure instanceof TaskKilledException)
        && !(failure instanceof FetchFailedException)
        && !ofTheRun;
  }

  private static String describe(Throwable failure) {
    return CensusException.in(failure)
        .map(CensusException::getMessage)
        .orElseGet(() -> Failures.summary(failure));
  }
}
