package io.github.ffncensus.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.table.RejectRow;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablePublisherTest {

  @TempDir Path warehouse;
  private RunFixture run;
  private TablePublisher publisher;

  @BeforeEach
  void run() {
    run = new RunFixture(warehouse);
    publisher = new TablePublisher(RunFixture.HADOOP, run.folder);
  }

  @Test
  void movesFiles_andRemovesDebris() throws IOException {
    TableFile a = staged("a.parquet");
    Path debris = run.published("rejects", "debris.parquet");
    Files.createDirectories(debris.getParent());
    Files.writeString(debris, "of an earlier attempt");
    Files.writeString(debris.resolveSibling("a.parquet"), "older, of the same name");

    publish(a);

    assertThat(RunManifestTest.files(warehouse)).containsExactly("rejects/run_id=r1/a.parquet");
    assertThat(Files.size(run.published("rejects", "a.parquet"))).isEqualTo(a.bytes());
  }

  @Test
  void publishingAgain_afterACrashHalfway_completesIt() throws IOException {
    TableFile a = staged("a.parquet");
    publish(a);
    TableFile b = staged("b.parquet");

    publish(a, b);
    publish(a, b);

    assertThat(RunManifestTest.files(warehouse))
        .containsExactly("rejects/run_id=r1/a.parquet", "rejects/run_id=r1/b.parquet");
  }

  @Test
  void lostFile_changesNothing() throws IOException {
    publish(staged("old.parquet"));
    TableFile lost = new TableFile("lost.parquet", 1, 10, "");

    assertThatThrownBy(() -> publish(staged("new.parquet"), lost))
        .hasMessageContaining(
            "lost.parquet: the finished file of 10 bytes is lost; run again with --force");

    assertThat(RunManifestTest.files(warehouse))
        .containsExactly("_staging/r1/scan/rejects/new.parquet", "rejects/run_id=r1/old.parquet");
  }

  @Test
  void driverThatLosesTheRunHalfway_changesNothingMore() throws IOException {
    List<TableFile> files = List.of(staged("a.parquet"), staged("b.parquet"));
    AtomicInteger changes = new AtomicInteger();
    TablePublisher interrupted =
        new TablePublisher(
            RunFixture.HADOOP,
            run.folder,
            () -> {
              if (changes.incrementAndGet() == 2) {
                throw new IllegalStateException("lost");
              }
            });
    assertThatThrownBy(() -> interrupted.publish(run.staged("rejects"), "rejects", files))
        .hasMessage("lost");
    assertThat(RunManifestTest.files(warehouse))
        .containsExactly("_staging/r1/scan/rejects/b.parquet", "rejects/run_id=r1/a.parquet");

    changes.set(1);
    assertThatThrownBy(
            () -> interrupted.publish(run.staged("rejects"), "rejects", files.subList(1, 2)))
        .as("which would remove the other file")
        .hasMessage("lost");
    assertThat(run.published("rejects", "a.parquet")).exists();
  }

  private void publish(TableFile... files) {
    publisher.publish(run.staged("rejects"), "rejects", List.of(files));
  }

  private TableFile staged(String name) throws IOException {
    return run.write(
        "rejects", name, RejectRow.ENCODER, List.of(new RejectRow("s", "d", "empty", "")));
  }
}
