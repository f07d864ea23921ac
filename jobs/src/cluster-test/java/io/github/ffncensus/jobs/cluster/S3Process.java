package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An S3 server in a process of its own, with one bucket, whose objects lie in a folder as files.
 */
final class S3Process implements AutoCloseable {
  private static final String BUCKET = "census";
  private static final String IDENTITY = "tester";
  private static final String SECRET = "of-no-value";

  private final int port;
  private final Path objects;
  private final ServerProcess process;

  S3Process(Path folder) throws IOException {
    port = ServerProcess.freePort();
    objects = Files.createDirectories(folder.resolve("objects").resolve(BUCKET));
    Path properties =
        Files.write(
            folder.resolve("s3.properties"),
            List.of(
                "s3proxy.endpoint=http://127.0.0.1:" + port,
                "s3proxy.authorization=aws-v2-or-v4",
                "s3proxy.identity=" + IDENTITY,
                "s3proxy.credential=" + SECRET,
                "jclouds.provider=filesystem-nio2",
                "jclouds.identity=none",
                "jclouds.credential=none",
                "jclouds.filesystem.basedir=" + objects.getParent()));
    process =
        ServerProcess.java(
            MavenJars.server("s3") + "/*",
            Map.of(),
            folder.resolve("s3.log"),
            List.of("-Xmx512m", "org.gaul.s3proxy.Main", "--properties", properties.toString()));
    process.awaitPort(port);
  }

  String url() {
    return "s3a://" + BUCKET;
  }

  /** The objects of the bucket, each a file called after its key. */
  Path objects() {
    return objects;
  }

  /** Lets a command reach the bucket, as an operator would: jars, address, and credentials. */
  CensusCommand reachedBy(CensusCommand command) throws IOException {
    String jars;
    try (Stream<Path> files = Files.list(MavenJars.server("s3-client"))) {
      jars = files.map(Path::toString).sorted().collect(Collectors.joining(","));
    }
    return command
        .with("AWS_ACCESS_KEY_ID", IDENTITY)
        .with("AWS_SECRET_ACCESS_KEY", SECRET)
        .submit(
            "--jars",
            jars,
            "--conf",
            "spark.hadoop.fs.s3a.endpoint=http://127.0.0.1:" + port,
            "--conf",
            "spark.hadoop.fs.s3a.endpoint.region=us-east-1",
            "--conf",
            "spark.hadoop.fs.s3a.path.style.access=true");
  }

  @Override
  public void close() {
    process.close();
  }
}
