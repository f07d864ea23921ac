package io.github.ffncensus.jobs;

import java.io.PrintStream;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Progress as lines of text: one line that is drawn again on a terminal, else a line now and then.
 */
public final class ConsoleProgress implements Progress {

  private static final long REDRAW_NANOS = Duration.ofMillis(500).toNanos();
  private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();

  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier nanoTime;

  private String stage;
  private String unit;
  private long total;
  private long done;
  private long computed;
  private long tokens;
  private long started;
  private long shown;

  /**
   * @param terminal whether a line can be drawn again by a carriage return
   */
  public ConsoleProgress(PrintStream out, boolean terminal) {
    this(out, terminal, System::nanoTime);
  }

  ConsoleProgress(PrintStream out, boolean terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  @Override
  public synchronized void stage(String name, long totalUnits, String unitName) {
    finish();
    stage = name;
    unit = unitName;
    total = totalUnits;
    done = 0;
    computed = 0;
    tokens = 0;
    started = nanoTime.getAsLong();
    shown = started;
    out.println(total > 0 ? "%s: %,d %s".formatted(stage, total, unit) : stage);
  }

  @Override
  public synchronized void advance(long units, long moreTokens) {
    if (stage == null) {
      return;
    }
    done += units;
    computed +=
        moreTokens > 0 ? units : 0; // without tokens: found done, which says nothing about speed
    tokens += moreTokens;
    long now = nanoTime.getAsLong();
    if (now - shown >= (terminal ? REDRAW_NANOS : LINE_NANOS)) {
      shown = now;
      String line = "%s: %s%s%s".formatted(stage, count(), speed(now), timeLeft(now));
      out.print(terminal ? "\r" + line + "\033[K" : line + System.lineSeparator());
      out.flush();
    }
  }

  @Override
  public synchronized void finish() {
    if (stage == null) {
      return;
    }
    long now = nanoTime.getAsLong();
    String line =
        "%s: %,d %s in %s%s".formatted(stage, done, unit, duration(now - started), speed(now));
    out.println(terminal ? "\r" + line + "\033[K" : line);
    stage = null;
  }

  @Override
  public synchronized void note(String line) {
    out.println(terminal ? "\r" + line + "\033[K" : line);
  }

  private String count() {
    return total > 0
        ? "%,d of %,d %s".formatted(done, total, unit)
        : "%,d %s".formatted(done, unit);
  }

  private String speed(long now) {
    double seconds = (now - started) / 1e9;
    return tokens > 0 && seconds > 0 ? ", %,.0f tokens/s".formatted(tokens / seconds) : "";
  }

  private String timeLeft(long now) {
    long rated = computed > 0 ? computed : done;
    if (total <= done || rated == 0) {
      return "";
    }
    return ", " + duration((long) ((double) (now - started) / rated * (total - done))) + " left";
  }

  static String duration(long nanos) {
    long seconds = Math.round(nanos / 1e9);
    if (seconds < 60) {
      return seconds + " s";
    }
    return seconds < 3600
        ? "%d min %d s".formatted(seconds / 60, seconds % 60)
        : "%d h %d min".formatted(seconds / 3600, seconds % 3600 / 60);
  }
}
