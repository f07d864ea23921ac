package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.cluster.Shared.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The same jar on clusters of other Spark versions than it was compiled for: all stages, and the
 * same tables. {@link ClusterRunIT} has the one that it was compiled for.
 */
@ExtendWith(Shared.class)
class SparkVersionsIT {

  @ParameterizedTest
  @CsvSource({"3.5.9, 2.12", "4.2.0, 2.13"})
  void theSameJarMakesTheSameTables(String spark, String scala, Reference reference)
      throws IOException {
    Path home = MavenJars.spark(spark, scala);
    assertThat(JarLinkage.missing(MavenJars.JAR, home.resolve("jars"))).isEmpty();

    Path folder = Shared.folder("spark-" + spark);
    Path warehouse = folder.resolve("warehouse");
    try (StandaloneCluster cluster = new StandaloneCluster(home, scala, folder)) {
      cluster.startWorker();
      cluster.startWorker();
      CensusCommand command = CensusCommand.on(cluster, folder);
      command.run(reference.census().arguments("run", "r1", warehouse.toString())).expect(0);
      command.run(reference.census().arguments("verify", "r1", warehouse.toString())).expect(0);
    }
    assertThat(Files.readString(warehouse.resolve("_runs/r1/manifest.json")))
        .contains("\"spark\" : \"" + spark + "\"");
    reference.assertSame(warehouse.toUri().toString(), "r1");
  }
}
