package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {

  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private long now;

  @Test
  void plainLines_atMostEveryTenSeconds() {
    ConsoleProgress progress = progress(false);
    progress.stage("scan", 100, "shards");
    for (int i = 0; i < 50; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      progress.advance(1, 1000);
    }
    progress.finish();
    progress.finish();

    assertThat(text().lines())
        .hasSize(7)
        .startsWith("scan: 100 shards", "scan: 10 of 100 shards, 1,000 tokens/s, 1 min 30 s left")
        .endsWith("scan: 50 shards in 50 s, 1,000 tokens/s");
  }

  @Test
  void unitsFoundDone_doNotPromiseSpeed() {
    ConsoleProgress progress = progress(false);
    progress.stage("scan", 100, "shards");
    progress.advance(80, 0);
    now += TimeUnit.SECONDS.toNanos(60);
    progress.advance(10, 600);

    assertThat(text()).endsWith("scan: 90 of 100 shards, 10 tokens/s, 1 min 0 s left\n");
  }

  @Test
  void terminal_drawsTheLineAgain() {
    ConsoleProgress progress = progress(true);
    progress.stage("ingest", 0, "files");
    now += TimeUnit.SECONDS.toNanos(1);
    progress.advance(2, 500);
    progress.advance(1, 500);
    progress.finish();

    assertThat(text())
        .isEqualTo(
            "ingest\n\ringest: 2 files, 500 tokens/s\033[K\ringest: 3 files in 1 s, 1,000 tokens/s\033[K\n");
  }

  @Test
  void durations() {
    assertThat(ConsoleProgress.duration(TimeUnit.SECONDS.toNanos(59))).isEqualTo("59 s");
    assertThat(ConsoleProgress.duration(TimeUnit.SECONDS.toNanos(3599))).isEqualTo("59 min 59 s");
    assertThat(ConsoleProgress.duration(TimeUnit.MINUTES.toNanos(125))).isEqualTo("2 h 5 min");
  }

  private ConsoleProgress progress(boolean terminal) {
    return new ConsoleProgress(
        new PrintStream(text, true, StandardCharsets.UTF_8), terminal, () -> now);
  }

  private String text() {
    return text.toString(StandardCharsets.UTF_8);
  }
}
