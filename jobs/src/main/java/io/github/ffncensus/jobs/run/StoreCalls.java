package io.github.ffncensus.jobs.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The same call for each of many files. An object store answers each only after a while, and many
 * at a time, so there they are made side by side; on a file system one after the other, in order.
 */
public final class StoreCalls {
  /** Fewer than the connections that S3A allows by default. */
  private static final int AT_ONCE = 64;

  private StoreCalls() {}

  /** A call about one item. */
  @FunctionalInterface
  public interface Call<T> {
    void on(T item) throws IOException;
  }

  /**
   * Returns when all calls have ended. After one that throws none is begun any more.
   *
   * @param where a path in the store that is called
   * @throws IOException from a call; runtime exceptions likewise
   */
  public static <T> void forEach(
      FileSystem fs, Path where, Collection<T> items, Call<? super T> call) throws IOException {
    if (items.size() < 2 || !ObjectStores.contain(fs, where)) {
      for (T item : items) {
        call.on(item);
      }
      return;
    }
    sideBySide(items, call);
  }

  static <T> void sideBySide(Collection<T> items, Call<? super T> call) throws IOException {
    AtomicBoolean failed = new AtomicBoolean();
    ExecutorService pool = Executors.newFixedThreadPool(Math.min(AT_ONCE, items.size()));
    try {
      List<Future<?>> calls = new ArrayList<>();
      for (T item : items) {
        calls.add(
            pool.submit(
                () -> {
                  if (!failed.get()) {
                    try {
                      call.on(item);
                    } catch (IOException | RuntimeException | Error e) {
                      failed.set(true);
                      throw e;
                    }
                  }
                  return null;
                }));
      }
      finish(calls);
    } finally {
      pool.shutdown();
    }
  }

  /**
   * Waits for all before it reports a failure: no call may come after what the caller does next.
   */
  private static void finish(List<Future<?>> calls) throws IOException {
    Throwable failure = null;
    for (Future<?> call : calls) {
      try {
        call.get();
      } catch (ExecutionException e) {
        failure = failure == null ? e.getCause() : failure;
      } catch (InterruptedException e) {
        calls.forEach(other -> other.cancel(true));
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    if (failure instanceof IOException e) {
      throw e;
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }
}
