package io.github.ffncensus.jobs.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.jobs.FlakyFileSystem;
import io.github.ffncensus.jobs.Progress;
import io.github.ffncensus.jobs.scan.ScanFixture.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Interrupted scans and failing tasks end in the tables of an undisturbed scan. */
class ScanResumeTest {
  @TempDir Path folder;

  @Test
  void scanThatDiesBetweenShards_continuesWithTheRest() throws IOException {
    try (ScanFixture scans = new ScanFixture("local[2]", folder)) {
      Map<String, List<Map<String, Object>>> expected =
          scans.ingest("whole", "llama-silu").tables();
      Run run = scans.ingest("cut", "llama-silu");
      int shards = run.plan.shards().size();
      assertThat(shards).isGreaterThan(5);
      assertThatThrownBy(() -> run.scan(new DyingAfter(3))).hasStackTraceContaining("pulled plug");
      scans.restart();
      Map<Path, FileTime> before = records(run);
      assertThat(before.size()).isBetween(3, shards - 1);

      Counting counting = new Counting();
      ScanResult result = run.scan(counting);
      assertThat(records(run)).hasSize(shards).containsAllEntriesOf(before);
      assertThat(counting.computed.get()).isEqualTo(shards - before.size());
      assertThat(counting.found.get()).isEqualTo(before.size());
      TableRows.assertSame(run.tables(result), expected);

      Counting again = new Counting();
      TableRows.assertSame(run.tables(run.scan(again)), expected);
      assertThat(again.computed.get()).isZero();
    }
  }

  @Test
  void unreadableShard_failsTheScan_andNothingFinishedIsLost() throws IOException {
    try (ScanFixture scans = new ScanFixture("local[2]", folder)) {
      Map<String, List<Map<String, Object>>> expected = scans.ingest("whole", "bert-gelu").tables();
      Run run = scans.ingest("cut", "bert-gelu");
      int shards = run.plan.shards().size();
      String name = run.plan.shards().get(shards - 1).files().get(0);
      Path file = Path.of(run.folder.table("sequences").toUri()).resolve(name);
      Path aside = folder.resolve("aside");
      Files.move(file, aside);
      assertThatThrownBy(() -> run.scan(Progress.SILENT)).hasStackTraceContaining(name);
      Map<Path, FileTime> before = records(run);
      assertThat(before).isNotEmpty().hasSizeLessThan(shards);

      Files.move(aside, file);
      TableRows.assertSame(run.tables(), expected);
      assertThat(records(run)).hasSize(shards).containsAllEntriesOf(before);
    }
  }

  /** Opening every sequences file and making every partial file fail twice, at other moments. */
  @Test
  void tasksThatFailTwiceAndThenSucceed_countOnce() throws IOException {
    try (ScanFixture scans = new ScanFixture("local[2,9]", folder)) {
      Run quiet = scans.ingest("quiet", "gpt2-gelu-new");
      ScanResult expected = quiet.scan(Progress.SILENT);
      Run run = scans.ingest("flaky", "gpt2-gelu-new");
      FlakyFileSystem.install(
          scans.hadoop(), ".*/sequences/run_id=flaky/.*parquet|.*/partials/.*\\.neuron_stats");
      ScanResult result = run.scan(Progress.SILENT);
      assertThat(FlakyFileSystem.failed())
          .anyMatch(name -> name.contains("/sequences/") && name.endsWith(" twice"))
          .anyMatch(name -> name.contains("/partials/") && name.endsWith(" twice"));
      TableRows.assertSame(run.tables(result), quiet.tables(expected));
      for (String counter : List.of("shards", "sequences", "tokens", "text_tokens")) {
        assertThat(result.counters().get(counter)).isEqualTo(expected.counters().get(counter));
      }
    }
  }

  @Test
  void parallelism_changesNoBit() throws IOException {
    List<Map<String, List<Map<String, Object>>>> tables = new ArrayList<>();
    for (String master : List.of("local[1]", "local[3]")) {
      try (ScanFixture scans = new ScanFixture(master, folder)) {
        tables.add(scans.ingest("run-" + tables.size(), "llama-silu").tables());
      }
    }
    TableRows.assertSame(tables.get(1), tables.get(0));
  }

  private static Map<Path, FileTime> records(Run run) throws IOException {
    Map<Path, FileTime> records = new TreeMap<>();
    try (Stream<Path> files = Files.list(run.records())) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        if (!file.getFileName().toString().startsWith("_")) {
          records.put(file, Files.getLastModifiedTime(file));
        }
      }
    }
    return records;
  }

  /** Counts the shards of the scan stage: first those found, then one by one those computed. */
  private static class Counting implements Progress {
    final AtomicInteger found = new AtomicInteger(-1);
    final AtomicInteger computed = new AtomicInteger();
    private String stage = "";

    @Override
    public void stage(String name, long totalUnits, String unit) {
      stage = name;
    }

    @Override
    public void advance(long units, long tokens) {
      if (stage.equals("scan") && !found.compareAndSet(-1, (int) units)) {
        computed.addAndGet((int) units);
      }
    }

    @Override
    public void finish() {}
  }

  private static final class DyingAfter extends Counting {
    private final int shards;

    DyingAfter(int shards) {
      this.shards = shards;
    }

    @Override
    public void advance(long units, long tokens) {
      super.advance(units, tokens);
      if (computed.get() == shards) {
        throw new IllegalStateException("pulled plug");
      }
    }
  }
}
