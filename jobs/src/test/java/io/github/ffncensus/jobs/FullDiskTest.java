package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The warehouse's disk is full once; {@code FullDiskIT} tries many more moments. */
class FullDiskTest {
  private static final int MOMENTS = 4;

  @TempDir Path folder;

  @Test
  void runEndsWithAMessage_andTheSameCommandFinishesIt() throws IOException {
    try (FullDisk disk = new FullDisk(folder)) {
      Random random = new Random(5);
      int failed = 0;
      for (int moment = 0; moment < MOMENTS; moment++) {
        int from = disk.calls() * moment / MOMENTS;
        failed += disk.fail(1 + from + random.nextInt(disk.calls() / MOMENTS)) == 0 ? 0 : 1;
      }
      assertThat(failed).isGreaterThanOrEqualTo(MOMENTS - 1);
    }
  }
}
