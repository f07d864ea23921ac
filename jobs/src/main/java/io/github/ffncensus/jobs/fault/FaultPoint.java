package io.github.ffncensus.jobs.fault;

import java.util.Locale;

/**
 * A place of the run protocol at which a run can be made to fail, see {@link FaultPlan}. Between
 * any two of them something lies on disk that the next attempt must make sense of.
 */
public enum FaultPoint {
  /**
   * The manifest says that stages are computed again, and what an earlier attempt left of this one
   * is still there; at the stage's word.
   */
  BEFORE_DISCARD,
  /** In a task, before its piece of work; at {@code part:number}. */
  TASK_START,
  /** In a forward pass over the corpus, for every sequence of the batch; at the sequence's id. */
  IN_FORWARD,
  /** In a scan's task, after a batch; at the shard's number. */
  IN_SHARD,
  /** In a task that has left its files and has not told the driver; at {@code part:number}. */
  TASK_END,
  /** The driver knows a task's result and has not recorded it; at {@code records:number}. */
  BEFORE_RECORD,
  /** A task is recorded; at {@code records:number}. */
  AFTER_RECORD,
  /** A stage is computed and nothing of it published; at the stage's word. */
  AFTER_STAGE,
  /** A file is moved to its table, others are not; at the table's name. */
  BETWEEN_TABLE_MOVES,
  /** A stage is published and the manifest does not know; at the stage's word. */
  BEFORE_MANIFEST,
  /** A small file is written aside and has not taken its place; at the file's name. */
  WITHIN_REPLACEMENT,
  /** The manifest knows of a stage whose staging folder is still there; at the stage's word. */
  AFTER_MANIFEST,
  /** All stages are complete and the run is not; at the run's id. */
  BEFORE_COMPLETE;

  /** Whether the process has a plan, for points that are passed often. */
  public static boolean planned() {
    return FaultPlan.current() != null;
  }

  /** As a plan spells it, such as {@code before-manifest}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Fails here if the process' plan says so; does nothing in a process without one.
   *
   * @param place tells visits of the same point apart, whatever their order
   */
  public void reached(Object place) {
    FaultPlan plan = FaultPlan.current();
    if (plan != null) {
      plan.visit(this, place.toString());
    }
  }
}
