package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.Failures;
import io.github.ffncensus.jobs.fault.FaultPoint;
import java.io.Serializable;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.shuffle.FetchFailedException;
import scala.util.control.NonFatal;

/**
 * Runs the task of one piece so that its failure is its own: when Spark would give the whole job
 * up, the piece ends as failed instead and the others go on.
 *
 * @param part of the stage, for the places of faults
 * @param attempts after which Spark gives a job up
 */
record Contained(String part, int attempts) implements Serializable {

  /** What a task does. */
  @FunctionalInterface
  interface Work<R> {
    R call() throws Exception;
  }

  <R extends Serializable> Outcome<R> run(int number, Work<R> work) throws Exception {
    String place = part + ":" + number;
    try {
      FaultPoint.TASK_START.reached(place);
      R told = work.call();
      FaultPoint.TASK_END.reached(place);
      return Outcome.done(number, told);
    } catch (Exception | Error e) {
      boolean last = TaskContext.get().attemptNumber() + 1 >= attempts;
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
