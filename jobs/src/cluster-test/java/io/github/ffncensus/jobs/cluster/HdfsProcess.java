package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A name node and a data node of HDFS, in a process of their own. */
final class HdfsProcess implements AutoCloseable {
  private final int port;
  private final ServerProcess process;

  HdfsProcess(Path folder) throws IOException {
    port = ServerProcess.freePort();
    Path details = folder.resolve("hdfs.json");
    process =
        ServerProcess.java(
            MavenJars.server("hdfs") + "/*",
            Map.of(),
            folder.resolve("hdfs.log"),
            List.of(
                "-Xmx512m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "org.apache.hadoop.test.MiniDFSClusterManager",
                "-format",
                "-nnport",
                Integer.toString(port),
                "-writeDetails",
                details.toString(),
                "-D",
                "hdfs.minidfs.basedir=" + folder.resolve("hdfs")));
    process.await(() -> Files.exists(details), "HDFS");
  }

  String url() {
    return "hdfs://127.0.0.1:" + port;
  }

  @Override
  public void close() {
    process.close();
  }
}
