package io.github.ffncensus.jobs.bench.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.bench.RandomModelFolder.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory of a driver and its executor, processes of their own, does not grow with the corpus. */
class MemoryGrowthIT {
  private static final long MEGABYTE = 1_000_000;

  @TempDir Path work;

  @Test
  void peaks_areThoseOfASmallerCorpus() throws IOException, InterruptedException {
    List<MemoryGrowth.Line> lines =
        new MemoryGrowth(work, Shape.TINY, 20_000, 4, 640).run(List.of(1, 10));
    MemoryGrowth.Line small = lines.get(0);
    MemoryGrowth.Line large = lines.get(1);
    assertThat(small.executor().resident()).isGreaterThan(640 * MEGABYTE);
    assertWithin(large.driver().resident(), small.driver().resident());
    assertWithin(large.driver().heap(), small.driver().heap());
    assertWithin(large.executor().resident(), small.executor().resident());
    assertWithin(large.executor().heap(), small.executor().heap());
  }

  private static void assertWithin(long large, long small) {
    assertThat((double) large).isLessThan(1.1 * small);
  }
}
