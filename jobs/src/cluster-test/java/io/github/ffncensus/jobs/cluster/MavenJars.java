package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Folders of jars that Maven resolves for a test: servers, and Spark of other versions. */
final class MavenJars {
  /** The project's folder; tests run in that of the module. */
  static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

  private static final Path TARGET = PROJECT.resolve("jobs/target");

  /** The product's, with all that it needs but Spark. */
  static final Path JAR = TARGET.resolve("ffn-census-jobs.jar");

  private MavenJars() {}

  /** The Spark that the build is made for. */
  static Path spark() {
    return TARGET.resolve("spark");
  }

  /** Another Spark, to be used as SPARK_HOME. */
  static Path spark(String version, String scala) throws IOException {
    Path home = TARGET.resolve("spark-" + version);
    copy(
        "submit-scripts/spark-home/pom.xml",
        home.resolve("jars"),
        "-Dspark.version=" + version,
        "-Dscala.binary.version=" + scala);
    return home;
  }

  /**
   * @param server a profile of {@code servers/pom.xml}
   */
  static Path server(String server) throws IOException {
    Path jars = TARGET.resolve("servers").resolve(server);
    copy("jobs/src/cluster-test/servers/pom.xml", jars, "-Dserver=" + server);
    return jars;
  }

  private static void copy(String pom, Path jars, String... settings) throws IOException {
    Path complete = jars.resolveSibling(jars.getFileName() + ".complete");
    if (Files.exists(complete)) {
      return;
    }
    List<String> line =
        new ArrayList<>(
            List.of(
                PROJECT.resolve("mvnw").toString(),
                "-q",
                "-B",
                "-ntp",
                "-f",
                PROJECT.resolve(pom).toString(),
                "dependency:copy-dependencies",
                "-DoutputDirectory=" + jars));
    line.addAll(List.of(settings));
    Process maven = new ProcessBuilder(line).inheritIO().start();
    try {
      if (maven.waitFor() != 0) {
        throw new IOException("Maven could not fetch the jars of " + pom);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    try (Stream<Path> found = Files.list(jars)) {
      if (found.findAny().isEmpty()) {
        throw new IOException("Maven fetched no jars for " + pom);
      }
    }
    Files.writeString(complete, "");
  }
}
