package io.github.ffncensus.jobs.bench.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.ffncensus.bench.RandomModelFolder.Shape;
import io.github.ffncensus.jobs.bench.cluster.ClusterBenchmark.Part;
import io.github.ffncensus.jobs.bench.cluster.ClusterBenchmark.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark on sizes that say nothing about speed. */
class ClusterBenchmarkTest {
  @TempDir Path work;

  @Test
  void scaling_measuresKernelAndScans() throws IOException, InterruptedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Settings settings = new Settings(0.2, 2, 1, 1, 2, 512, 0, 2000, true);
    new ClusterBenchmark(work, settings, new PrintStream(out, true, StandardCharsets.UTF_8))
        .run(Set.of(Part.SCALING));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("2 shards of about 0 s")
        .containsPattern("bare kernel, 2 threads +\\d+ +\\d+\\.\\d\\d ")
        .containsPattern("scan, local\\[1\\] .* % +[+-]\\d+\\.\\d %, ");
  }

  @Test
  void candidates_areThoseOfTheFormulas() throws IOException {
    List<Candidates.Line> lines = new Candidates(work, new Shape(1, 32, 2, 4096), 2000, 2).run();
    assertThat(lines).extracting(Candidates.Line::shards).allMatch(shards -> shards >= 4);
    for (Candidates.Line line : lines) {
      assertThat(line.withoutWaves()).isCloseTo(line.formulaWithoutWaves(), withinPercentage(2));
      assertThat(line.inWaves()).isCloseTo(line.formulaInWaves(), withinPercentage(15));
    }
  }
}
