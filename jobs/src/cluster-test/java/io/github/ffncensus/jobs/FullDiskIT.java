package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The warehouse's disk is full once, at moments all over a run. */
class FullDiskIT {
  private static final int MOMENTS = 40;

  @TempDir Path folder;

  @Test
  void runEndsWithAMessage_andTheSameCommandFinishesIt() throws IOException {
    try (FullDisk disk = new FullDisk(folder)) {
      int failed = 0;
      for (int moment = 0; moment < MOMENTS; moment++) {
        int call = 1 + (int) ((long) disk.calls() * moment / MOMENTS);
        failed += disk.fail(call) == 0 ? 0 : 1;
      }
      assertThat(failed).isGreaterThan(MOMENTS * 3 / 4);
    }
  }
}
