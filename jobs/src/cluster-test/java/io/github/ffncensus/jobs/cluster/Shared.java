package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * What tests share, made for the first of them that asks: a cluster of two workers, and a run of
 * the small census that nothing disturbed. Logs and tables stay in {@code target/cluster-tests}.
 */
final class Shared implements ParameterResolver {

  /**
   * The undisturbed run.
   *
   * @param taken from the start of its command to its end
   */
  record Reference(SmallCensus census, Path warehouse, Duration taken) {
    static final String RUN_ID = "undisturbed";

    /** Compares another run with it. */
    void assertSame(String otherWarehouse, String runId) throws IOException {
      RunTables.assertSame(otherWarehouse, runId, warehouse.toUri().toString(), RUN_ID);
    }

    /** Verifies a run of the small census on local disks, then compares it. */
    void assertSound(Path otherWarehouse, String runId) throws IOException {
      CensusCommand.local(otherWarehouse.resolveSibling("verify"))
          .run(census.arguments("verify", runId, otherWarehouse.toString()))
          .expect(0);
      assertSame(otherWarehouse.toUri().toString(), runId);
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == StandaloneCluster.class || type == Reference.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return context
        .getRoot()
        .getStore(Namespace.create(Shared.class))
        .getOrComputeIfAbsent(
            type, key -> key == Reference.class ? reference() : cluster(), Object.class);
  }

  /** An empty folder of a test. */
  static Path folder(String name) {
    Path folder = MavenJars.PROJECT.resolve("jobs/target/cluster-tests").resolve(name);
    try {
      org.apache.hadoop.fs.FileUtil.fullyDelete(folder.toFile());
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Reference reference() {
    Path folder = folder("undisturbed");
    try {
      SmallCensus census = new SmallCensus(folder.resolve("input"));
      Path warehouse = folder.resolve("warehouse");
      long start = System.nanoTime();
      CensusCommand.local(folder)
          .run(census.arguments("run", Reference.RUN_ID, warehouse.toString()))
          .expect(0);
      return new Reference(census, warehouse, Duration.ofNanos(System.nanoTime() - start));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static StandaloneCluster cluster() {
    try {
      StandaloneCluster cluster =
          new StandaloneCluster(MavenJars.spark(), "2.13", folder("cluster"));
      cluster.startWorker();
      cluster.startWorker();
      return cluster;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
