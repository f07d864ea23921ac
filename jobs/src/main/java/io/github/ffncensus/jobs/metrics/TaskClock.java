package io.github.ffncensus.jobs.metrics;

import java.util.EnumMap;
import java.util.Map;

/** Where the time of one task goes. Not for several threads. */
public final class TaskClock {

  /** What a task does; its device is busy in one of them and waits in the others. */
  public enum Phase {
    /** The model is loaded, or another task loads it. */
    WAIT_MODEL,
    /** Sequences are read. */
    WAIT_READ,
    /** The model runs, and analyses watch it. */
    COMPUTE,
    /** Results are written. */
    WAIT_WRITE
  }

  private final ProcessMetrics metrics;
  private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
  private Phase phase;
  private long since;

  public TaskClock(ProcessMetrics metrics, Phase first) {
    this.metrics = metrics;
    this.phase = first;
    this.since = System.nanoTime();
  }

  /** The phase ends and another begins, which may be the same: what it took so far then shows. */
  public void enter(Phase next) {
    long now = System.nanoTime();
    nanos.merge(phase, now - since, Long::sum);
    metrics.spent(phase, now - since);
    phase = next;
    since = now;
  }

  /** Seconds from the start to the last {@link #enter}. */
  public double seconds() {
    return nanos.values().stream().mapToLong(Long::longValue).sum() / 1e9;
  }

  /** Share of {@link #seconds} in which the device was busy, 0 to 1. */
  public double busyShare() {
    return seconds() == 0 ? 0 : nanos.getOrDefault(Phase.COMPUTE, 0L) / 1e9 / seconds();
  }
}
