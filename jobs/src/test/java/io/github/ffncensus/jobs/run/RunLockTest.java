package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.run.RunLock.Holder;
import io.github.ffncensus.jobs.run.RunLock.Timing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunLockTest {
  /** Patience enough for a busy machine, on which threads wait for their turn. */
  private static final Timing FAST =
      new Timing(Duration.ofMillis(20), Duration.ofMillis(1500), Duration.ZERO);

  /** For a beat that never comes. */
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path warehouse;
  private final List<String> messages = Collections.synchronizedList(new ArrayList<>());

  @Test
  void aSecondDriver_isRefused_andSaidWhoWorks() {
    try (RunLock lock = acquire()) {
      CensusException refusal =
          org.assertj.core.api.Assertions.catchThrowableOfType(
              CensusException.class, this::acquire);
      assertThat(refusal.kind()).isEqualTo(CensusException.Kind.CONFIGURATION);
      assertThat(refusal)
          .hasMessageContaining("The run r1 in ")
          .hasMessageContaining("is being worked on by process " + ProcessHandle.current().pid());
      assertThat(messages).hasSize(1).first().asString().contains("waiting up to");
      lock.requireHeld();
    }
    acquire().close();
    assertThat(warehouse).isEmptyDirectory();
  }

  @Test
  void ofManyThatStartAtOnce_oneGoesOn() throws Exception {
    assertThat(winners(FAST)).isEqualTo(1);
  }

  @Test
  void ofManyThatSucceedADeadProcessAtOnce_oneGoesOn() throws Exception {
    write(new Holder("t", earlier(ProcessIdentity.self().pidNamespace()), "then", 3));
    assertThat(winners(new Timing(FAST.beat(), FAST.patience(), Duration.ofMillis(500))))
        .isEqualTo(1);
  }

  private int winners(Timing timing) throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<Boolean>> attempts = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      attempts.add(
          threads.submit(
              () -> {
                start.await();
                try (RunLock lock = acquire(timing)) {
                  end.await();
                  return true;
                } catch (CensusException e) {
                  return false;
                }
              }));
    }
    start.countDown();
    // Longer than anyone's patience: the one that goes on is seen to live.
    Thread.sleep(2 * timing.patience().plus(timing.settling()).toMillis());
    end.countDown();
    int winners = 0;
    for (Future<Boolean> attempt : attempts) {
      winners += attempt.get() ? 1 : 0;
    }
    threads.shutdown();
    return winners;
  }

  @Test
  void aProcessThatIsGone_isSucceededAtOnce() throws IOException {
    write(new Holder("t", earlier(ProcessIdentity.self().pidNamespace()), "then", 3));
    acquire().close();
    assertThat(messages).isEmpty();
  }

  @Test
  void aProcessOfAnotherContainer_isSucceededAfterAWhile_thoughNoneHasItsNumberHere()
      throws IOException {
    write(new Holder("t", earlier("pid:[1]"), "then", 3));
    acquire().close();
    assertThat(messages).hasSize(1).first().asString().contains("waiting up to");
  }

  /** A process with the number of this one that is not there any more. */
  private static ProcessIdentity earlier(String pidNamespace) {
    ProcessIdentity self = ProcessIdentity.self();
    return new ProcessIdentity(
        self.host(), self.boot(), pidNamespace, self.pid(), "an earlier start");
  }

  @Test
  void aSilentHolderElsewhere_isSucceededAfterAWhile_andStopsWhenItComesBack() throws IOException {
    write(new Holder("t", elsewhere("elsewhere"), "then", 3));
    // A beat in the middle would overwrite what the third one writes below.
    Timing noBeat = new Timing(HOUR, FAST.patience(), Duration.ZERO);
    long start = System.nanoTime();
    try (RunLock lock = acquire(noBeat)) {
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(FAST.patience());
      assertThat(messages).hasSize(1).first().asString().contains("process 1 on elsewhere");
      write(new Holder("u", elsewhere("a third"), "now", 0));
      assertThatThrownBy(lock::requireHeld)
          .hasMessageContaining("Another driver has taken over the run");
    }
    assertThat(file()).as("the other driver's").exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"token\":\"t\",\"ho", "null", "{}", "<html>"})
  void fileThatSaysNothing_isOfSomebodyUnknown_whoIsSucceededAfterAWhile(String text)
      throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), text);
    long start = System.nanoTime();
    acquire().close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(FAST.patience());
    assertThat(messages).hasSize(1).first().asString().contains("on an unknown machine");
    assertThat(warehouse).isEmptyDirectory();
  }

  @Test
  void lossIsToldWhileTheHolderWorks() throws Exception {
    CountDownLatch told = new CountDownLatch(1);
    try (RunLock lock = acquire()) {
      lock.onLoss(told::countDown);
      do {
        // A sign of life that was under way overwrites it.
        write(new Holder("u", elsewhere("a third"), "now", 0));
      } while (!told.await(100, TimeUnit.MILLISECONDS));
      assertThatThrownBy(lock::requireNotLate)
          .hasMessageContaining("Another driver has taken over the run");
    }
    assertThat(file()).as("the other driver's").exists();
  }

  @Test
  void storeThatCannotBeReached_isNoHarmForAWhile_andThenTheLockIsLost() throws Exception {
    try (RunLock lock = acquire(new Timing(HOUR, Duration.ofMillis(800), Duration.ZERO))) {
      Files.delete(file());
      Files.createDirectory(file());
      lock.requireHeld();
      lock.requireNotLate();
      Thread.sleep(1000);
      assertThatThrownBy(lock::requireHeld)
          .hasMessageContaining("could not be renewed for more than 0 s (")
          .hasMessageContaining("another driver may have taken over");
      assertThatThrownBy(lock::requireNotLate).hasMessageContaining("may have taken over");
    }
  }

  @Test
  void holderThatWasStopped_takesTheLockAnew_ifNobodyCame() throws Exception {
    Timing timing = new Timing(HOUR, Duration.ofMillis(1200), Duration.ofMillis(400));
    try (RunLock lock = acquire(timing)) {
      Thread.sleep(1500);
      long start = System.nanoTime();
      lock.requireNotLate();
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(timing.settling());
      assertThat(file()).exists();
    }
    assertThat(warehouse).isEmptyDirectory();
  }

  @Test
  void holderThatWasStopped_stopsIfSomebodyComesAtTheSameTime() throws Exception {
    try (RunLock lock = acquire(new Timing(HOUR, Duration.ofMillis(200), Duration.ofSeconds(2)))) {
      Thread.sleep(400);
      Thread successor =
          new Thread(
              () -> {
                try {
                  Thread.sleep(1000);
                  write(new Holder("u", elsewhere("a third"), "now", 0));
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      successor.start();
      assertThatThrownBy(lock::requireNotLate)
          .hasMessageContaining("Another driver has taken over the run");
      successor.join();
    }
    assertThat(file()).as("the other driver's").exists();
  }

  private RunLock acquire() {
    return acquire(FAST);
  }

  private RunLock acquire(Timing timing) {
    return RunLock.acquire(
        RunFixture.HADOOP,
        new RunFolder(warehouse.toUri().toString(), "r1"),
        messages::add,
        timing);
  }

  private Path file() {
    return warehouse.resolve("_runs/r1/driver.lock");
  }

  private static ProcessIdentity elsewhere(String host) {
    return new ProcessIdentity(host, "", "", 1, "");
  }

  private void write(Holder holder) throws IOException {
    Files.createDirectories(file().getParent());
    Files.write(file(), new ObjectMapper().writeValueAsBytes(holder));
  }
}
