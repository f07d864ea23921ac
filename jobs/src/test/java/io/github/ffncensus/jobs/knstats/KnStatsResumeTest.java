package io.github.ffncensus.jobs.knstats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.jobs.FlakyFileSystem;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.scan.ScanFixture;
import io.github.ffncensus.jobs.scan.ScanFixture.Run;
import io.github.ffncensus.jobs.scan.TableRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interrupted attempts and failing tasks end in the tables of an undisturbed one. */
class KnStatsResumeTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"mentions", "readings"})
  void attemptThatDiesBetweenShards_continuesWithTheRest(String part) throws IOException {
    try (ScanFixture scans = new ScanFixture("local[2]", folder)) {
      Map<String, List<Map<String, Object>>> expected =
          FactTables.tables(
              scans.ingest("whole", "bert-gelu", "ingest.shard-tokens=170"), Progress.SILENT);
      Run run = scans.ingest("cut", "bert-gelu", "ingest.shard-tokens=170");
      Counting dying = new Counting(part, 3);
      assertThatThrownBy(() -> FactTables.tables(run, dying))
          .hasStackTraceContaining("pulled plug");
      scans.restart();

      Counting counting = new Counting(part, Integer.MAX_VALUE);
      TableRows.assertSame(FactTables.tables(run, counting), expected);
      assertThat(counting.found.get(part)).isGreaterThanOrEqualTo(3);
      assertThat(counting.computed.get(part)).isPositive();
      if (part.equals("readings")) {
        assertThat(counting.computed.get("mentions")).isZero();
      }

      Counting again = new Counting(part, Integer.MAX_VALUE);
      TableRows.assertSame(FactTables.tables(run, again), expected);
      assertThat(again.computed.get(part)).isZero();
    }
  }

  /** Opening every sequences file and making every partial file fail twice, at other moments. */
  @Test
  void tasksThatFailTwiceAndThenSucceed_countOnce() throws IOException {
    try (ScanFixture scans = new ScanFixture("local[2,9]", folder)) {
      Map<String, List<Map<String, Object>>> expected =
          FactTables.tables(scans.ingest("quiet", "gpt2-gelu-new"), Progress.SILENT);
      Run run = scans.ingest("flaky", "gpt2-gelu-new");
      FlakyFileSystem.install(
          scans.hadoop(), ".*/sequences/run_id=flaky/.*parquet|.*/partials/.*\\.facts");
      TableRows.assertSame(FactTables.tables(run, Progress.SILENT), expected);
      assertThat(FlakyFileSystem.failed())
          .anyMatch(name -> name.contains("/sequences/") && name.endsWith(" twice"))
          .anyMatch(name -> name.contains("/partials/") && name.endsWith(" twice"));
    }
  }

  /** Counts the tasks of each part: first those found, then one by one those computed. */
  private static final class Counting implements Progress {
    final Map<String, Integer> found = new HashMap<>();
    final Map<String, Integer> computed = new HashMap<>();
    private final String dyingPart;
    private final int dyingAfter;
    private String part = "";
    private boolean dead;

    Counting(String dyingPart, int dyingAfter) {
      this.dyingPart = dyingPart;
      this.dyingAfter = dyingAfter;
    }

    @Override
    public synchronized void stage(String name, long totalUnits, String unit) {
      part = name;
    }

    @Override
    public synchronized void advance(long units, long tokens) {
      if (found.putIfAbsent(part, (int) units) == null) {
        computed.put(part, 0);
      } else {
        computed.merge(part, (int) units, Integer::sum);
      }
      if (part.equals(dyingPart) && computed.get(part) >= dyingAfter) {
        if (dead) {
          stayDead();
        }
        dead = true;
        throw new IllegalStateException("pulled plug");
      }
    }

    /** Until Spark is stopped: it goes on with the other tasks of a job whose driver has failed. */
    private static void stayDead() {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void finish() {}
  }
}
