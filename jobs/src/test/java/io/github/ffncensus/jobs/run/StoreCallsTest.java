package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;

class StoreCallsTest {
  private static final List<Integer> ITEMS = IntStream.range(0, 1000).boxed().toList();

  @Test
  void onAFileSystem_callsAreMadeInOrder() throws IOException {
    List<Integer> seen = new ArrayList<>();
    StoreCalls.forEach(
        FileSystem.getLocal(new Configuration()), new Path("/tmp"), ITEMS, seen::add);
    assertThat(seen).isEqualTo(ITEMS);
  }

  @Test
  void sideBySide_everyItemIsCalledOnce_andSomeAtTheSameTime() throws IOException {
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch two = new CountDownLatch(2);
    StoreCalls.sideBySide(
        ITEMS,
        item -> {
          calls.incrementAndGet();
          seen.add(item);
          two.countDown();
          assertThat(await(two)).isTrue();
        });
    assertThat(calls).hasValue(ITEMS.size());
    assertThat(seen).containsExactlyInAnyOrderElementsOf(ITEMS);
  }

  private static boolean await(CountDownLatch latch) throws IOException {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void sideBySide_aFailureEndsIt_andNothingIsUnderWayAfterwards() {
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    assertThatThrownBy(
            () ->
                StoreCalls.sideBySide(
                    ITEMS,
                    item -> {
                      begun.incrementAndGet();
                      try {
                        if (item == 3) {
                          throw new IOException("the store says no");
                        }
                        Thread.sleep(2);
                      } catch (InterruptedException e) {
                        throw new IOException(e);
                      } finally {
                        ended.incrementAndGet();
                      }
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("the store says no");
    assertThat(ended.get()).isEqualTo(begun.get()).isLessThan(ITEMS.size());
  }

  @Test
  void sideBySide_runtimeExceptionsComeOutAsTheyAre() {
    assertThatThrownBy(
            () ->
                StoreCalls.sideBySide(
                    ITEMS,
                    item -> {
                      throw new IllegalStateException("lost");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("lost");
  }
}
