package io.github.ffncensus.jobs.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Keeps a second driver off a run: a file beside the manifest that says who works on the run, and
 * that its holder rewrites as long as it lives.
 *
 * <p>A driver that was killed leaves the file behind. The next one takes it over: at once where it
 * can see that the process is gone ({@link ProcessIdentity}), else when the file has not changed
 * for {@link Timing#patience}. Only changes count, never clocks, which may differ between machines.
 *
 * <p>On HDFS and local disks at most one driver makes the file. Object stores may lack a create
 * that fails for an existing object; there, and after taking over, the file is read back after
 * {@link Timing#settling}: of two drivers that start within it, the one that wrote last goes on.
 *
 * <p>A holder whose last sign of life is older than the others' patience, because it was stopped or
 * the store was out of reach, holds the lock no longer. If nobody has taken over meanwhile, its
 * next sign of life takes the lock anew, as a successor would.
 */
public final class RunLock implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of S3A since Hadoop 3.4.2, where it is a constant; others ignore it. */
  private static final String IF_NONE_MATCH = "fs.option.create.conditional.overwrite";

  /**
   * How long the parties wait for each other.
   *
   * @param beat from one sign of life to the next
   * @param patience without a sign of life after which a holder counts as dead
   * @param settling between writing the file and reading it back, where two drivers may have
   *     written it
   */
  record Timing(Duration beat, Duration patience, Duration settling) {
    static final Timing DEFAULT =
        new Timing(Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(2));
  }

  /**
   * Who works on the run.
   *
   * @param beats signs of life so far
   */
  record Holder(String token, ProcessIdentity process, String since, long beats) {
    static final Holder UNKNOWN =
        new Holder("", new ProcessIdentity("an unknown machine", "", "", 0, ""), "just now", 0);

    static Holder self() {
      return new Holder(
          UUID.randomUUID().toString(), ProcessIdentity.self(), Instant.now().toString(), 0);
    }

    Holder beating() {
      return new Holder(token, process, since, beats + 1);
    }
  }

  private final FileSystem fs;
  private final Path file;
  private final AtomicFile content;
  private final Timing timing;
  private final ScheduledExecutorService heart;
  private Holder self = Holder.self();
  private boolean lost;

  private volatile Runnable onLoss = () -> {};

  /** When the last sign of life that reached the store began, by {@link System#nanoTime}. */
  private long heard;

  /** Why the last one did not reach it. */
  private String trouble = "this process was stopped";

  private RunLock(FileSystem fs, Path file, AtomicFile content, Timing timing) {
    this.fs = fs;
    this.file = file;
    this.content = content;
    this.timing = timing;
    this.heart =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "run-lock");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Takes the run.
   *
   * @param waiting told, once, if it must be seen first whether an earlier holder still lives
   * @throws CensusException of kind CONFIGURATION if another driver works on the run
   */
  public static RunLock acquire(Configuration hadoop, RunFolder folder, Consumer<String> waiting) {
    return acquire(hadoop, folder, waiting, Timing.DEFAULT);
  }

  static RunLock acquire(
      Configuration hadoop, RunFolder folder, Consumer<String> waiting, Timing timing) {
    Path file = folder.lock();
    try {
      FileSystem fs = file.getFileSystem(hadoop);
      RunLock lock = new RunLock(fs, file, new AtomicFile(hadoop, file), timing);
      Optional<Holder> earlier = lock.holder();
      if (earlier.isPresent()) {
        lock.outlive(earlier.get(), folder, waiting);
        fs.delete(file, false);
      }
      lock.take(folder, earlier.isPresent());
      lock.heart.scheduleWithFixedDelay(
          lock::beatInTurn, timing.beat.toMillis(), timing.beat.toMillis(), TimeUnit.MILLISECONDS);
      return lock;
    } catch (IOException e) {
      throw CensusException.runFailed(
          "%s: cannot be written or read: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Returns when the holder is dead; throws if it shows a sign of life. */
  private void outlive(Holder holder, RunFolder folder, Consumer<String> waiting)
      throws IOException {
    if (holder.process.isKnownToBeDead()) {
      return;
    }
    waiting.accept(
        "The run %s is held by process %d on %s since %s; waiting up to %d s to see whether it lives."
            .formatted(
                folder.runId(),
                holder.process.pid(),
                holder.process.host(),
                holder.since,
                timing.patience.toSeconds()));
    long end = System.nanoTime() + timing.patience.toNanos();
    while (System.nanoTime() < end) {
      sleep(Duration.ofMillis(Math.min(500, timing.patience.toMillis() / 10 + 1)));
      Optional<Holder> now = holder();
      if (now.isEmpty()) {
        return;
      }
      if (!now.get().equals(holder)) {
        throw busy(now.get(), folder);
      }
    }
  }

  /**
   * @param succeeding whether the file of a dead holder was deleted: another driver that saw it too
   *     may yet delete the file of this one
   */
  private void take(RunFolder folder, boolean succeeding) throws IOException {
    InheritedPermissions.mkdirs(fs, file.getParent());
    heard = System.nanoTime();
    try {
      createNew(JSON.writeValueAsBytes(self));
    } catch (FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException e) {
      // It may be this driver's own: a store that answers late is asked twice.
      Holder other = holder().orElse(self);
      if (!other.token.equals(self.token)) {
        throw busy(other, folder);
      }
    }
    if (succeeding || !isAtomic()) {
      sleep(timing.settling);
    }
    Holder winner = holder().orElse(Holder.UNKNOWN);
    if (!winner.token.equals(self.token)) {
      throw busy(winner, folder);
    }
  }

  private boolean isAtomic() {
    return switch (fs.getScheme()) {
      case "file", "hdfs", "viewfs", "webhdfs" -> true;
      default -> false;
    };
  }

  private void createNew(byte[] bytes) throws IOException {
    if ("file".equals(fs.getScheme())) {
      // Hadoop's own local file system looks first and creates then.
      var local = java.nio.file.Path.of(file.toUri().getPath());
      Files.write(local, bytes, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      InheritedPermissions.localFile(local);
      return;
    }
    if (ObjectStores.contain(fs, file)) {
      createObject(bytes);
      return;
    }
    try (OutputStream out = fs.create(file, false)) {
      out.write(bytes);
    }
    InheritedPermissions.file(fs, file, file.getParent());
  }

  /** On the condition that there is none when it is written, where the store knows conditions. */
  private void createObject(byte[] bytes) throws IOException {
    FSDataOutputStreamBuilder<?, ?> builder = fs.createFile(file);
    builder.overwrite(false);
    builder.opt(IF_NONE_MATCH, true);
    try (OutputStream out = builder.build()) {
      out.write(bytes);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException e) {
      if (fs.exists(file)) {
        throw new FileAlreadyExistsException(file.toString());
      }
      // The store knows no conditions.
      try (OutputStream out = fs.create(file, false)) {
        out.write(bytes);
      }
    }
  }

  private Optional<Holder> holder() throws IOException {
    byte[] bytes = content.read();
    if (bytes == null) {
      return Optional.empty();
    }
    try {
      Holder holder = JSON.readValue(bytes, Holder.class);
      return Optional.of(
          holder == null || holder.token == null || holder.process == null
              ? Holder.UNKNOWN
              : holder);
    } catch (JsonProcessingException e) {
      // Empty between creation and first bytes; cut short by a disk that was full.
      return Optional.of(Holder.UNKNOWN);
    }
  }

  /** Not under the lock of this object, on which the driver may wait while it is told. */
  private void beatInTurn() {
    beat();
    if (isLost()) {
      heart.shutdown();
      onLoss.run();
    }
  }

  private synchronized boolean isLost() {
    return lost;
  }

  private synchronized void beat() {
    if (lost) {
      return;
    }
    long begun = System.nanoTime();
    boolean late = isLate(begun);
    try {
      if (!isOurs()) {
        lost = true;
        return;
      }
      self = self.beating();
      content.write(JSON.writeValueAsBytes(self));
      long limit = late ? timing.settling.toNanos() : timing.patience.toNanos() - (begun - heard);
      if (System.nanoTime() - begun > limit) {
        // What was just overwritten may have been a successor's, which notices and stops as well.
        lost = true;
        return;
      }
      if (late) {
        sleep(timing.settling);
        if (!isOurs()) {
          lost = true;
          return;
        }
      }
      heard = begun;
    } catch (IOException | RuntimeException e) {
      // One missed beat is no harm, and the next one tells whether the lock was lost meanwhile.
      trouble = String.valueOf(e.getMessage());
    }
  }

  private boolean isOurs() throws IOException {
    return holder().map(Holder::token).equals(Optional.of(self.token));
  }

  private boolean isLate(long now) {
    return now - heard > timing.patience.toNanos();
  }

  /**
   * To be called by a driver that has long to wait for something.
   *
   * @param action is run by another thread when it is seen that another driver has taken over; it
   *     should end the work, of which nothing will be used
   */
  public void onLoss(Runnable action) {
    onLoss = action;
  }

  /**
   * To be called before anything of the run is changed that a successor may rely on.
   *
   * @throws CensusException of kind RUN_FAILED if another driver took this one for dead, or may
   *     have done so
   */
  public synchronized void requireHeld() {
    beat();
    requireNotLost();
  }

  /**
   * As {@link #requireHeld}, for changes of which there are many: asks the store only if the last
   * sign of life is so old that somebody may have taken over.
   */
  public synchronized void requireNotLate() {
    if (isLate(System.nanoTime())) {
      beat();
    }
    requireNotLost();
  }

  private void requireNotLost() {
    if (lost) {
      throw CensusException.runFailed(
          "Another driver has taken over the run (%s): this one was not heard of for %d s. It stops here; nothing of its"
                  .formatted(file, timing.patience.toSeconds())
              + " work is published twice.");
    }
    if (isLate(System.nanoTime())) {
      throw CensusException.runFailed(
          "The run's lock (%s) could not be renewed for more than %d s (%s): another driver may have taken over. This one stops"
                  .formatted(file, timing.patience.toSeconds(), trouble)
              + " here; the same command continues.");
    }
  }

  private void deleteIfEmpty(Path folder) throws IOException {
    if (fs.exists(folder) && fs.listStatus(folder).length == 0) {
      fs.delete(folder, false);
    }
  }

  private static CensusException busy(Holder holder, RunFolder folder) {
    return CensusException.configuration(
        "The run %s in %s is being worked on by process %d on %s since %s: wait for it, or use another run-id"
            .formatted(
                folder.runId(),
                folder.warehouse(),
                holder.process.pid(),
                holder.process.host(),
                holder.since));
  }

  private static void sleep(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CensusException.runFailed("interrupted while waiting for the run's lock", e);
    }
  }

  @Override
  public synchronized void close() {
    heart.shutdownNow();
    try {
      if (!lost && isOurs()) {
        fs.delete(file, false);
        // A run that was refused at the door leaves nothing behind.
        deleteIfEmpty(file.getParent());
        deleteIfEmpty(file.getParent().getParent());
      }
    } catch (IOException e) {
      // The next driver finds a holder without signs of life, and takes over.
      return;
    }
  }
}
