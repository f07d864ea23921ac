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
    CensusProcess.Peaks small = lines.get(0).peaks();
    CensusProcess.Peaks large = lines.get(1).peaks();
    assertThat(small.executor().resident()).isGreaterThan(640 * MEGABYTE);
    assertThat((double) large.driver().resident()).isLessThan(1.1 * small.driver().resident());
    assertThat((double) large.driver().heap()).isLessThan(1.1 * small.driver().heap());
    // Its heap is looked at now and then, and rises and falls within a shard.
    assertThat((double) large.executor().resident()).isLessThan(1.1 * small.executor().resident());
  }
}
