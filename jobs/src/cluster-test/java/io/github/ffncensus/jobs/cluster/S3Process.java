package io.github.ffncensus.jobs.cluster;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FsShell;

/**
 * An S3 server in a process of its own, with one bucket, whose objects lie in a folder as files.
 */
final class S3Process implements AutoCloseable {
  private static final String BUCKET = "census";
  private static final String IDENTITY = "tester";
  private static final String SECRET = "of-no-value";

  private static final Map<String, String> CREDENTIALS =
      Map.of("AWS_ACCESS_KEY_ID", IDENTITY, "AWS_SECRET_ACCESS_KEY", SECRET);

  private final Path folder;
  private final int port;
  private final Path objects;
  private final ServerProcess process;

  S3Process(Path folder) throws IOException {
    this.folder = folder;
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
                // Its successor, filesystem-nio2, takes folders for objects.
                "jclouds.provider=filesystem",
                "jclouds.identity=none",
                "jclouds.credential=none",
                "jclouds.filesystem.basedir=" + objects.getParent()));
    Path logging =
        Files.writeString(
            folder.resolve("logback.xml"),
            """
            <configuration>
              <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
                <encoder><pattern>%d %level %logger{1} %msg%n</pattern></encoder>
              </appender>
              <root level="WARN"><appender-ref ref="out"/></root>
            </configuration>
            """);
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

  /** Uploads a file, as an operator would with {@code hadoop fs -put}. */
  void put(Path file, String key) throws IOException {
    Path settings = Files.createDirectories(folder.resolve("hadoop"));
    Configuration configuration = new Configuration(false);
    settings().forEach(configuration::set);
    // The shell insists on a file of this name.
    try (OutputStream out = Files.newOutputStream(settings.resolve("core-site.xml"))) {
      configuration.writeXml(out);
    }
    String classpath =
        Stream.of(
                settings,
                MavenJars.spark().resolve("jars/*"),
                MavenJars.server("s3-client").resolve("*"))
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator));
    try (ServerProcess upload =
        ServerProcess.java(
            classpath,
            CREDENTIALS,
            folder.resolve("put.log"),
            List.of(FsShell.class.getName(), "-put", file.toString(), url() + "/" + key))) {
      if (!upload.endsWithin(ServerProcess.PATIENCE) || upload.process().exitValue() != 0) {
        throw new IOException("not uploaded: " + upload.log());
      }
    }
  }

  /** Lets a command reach the bucket, as an operator would: jars, address, and credentials. */
  CensusCommand reachedBy(CensusCommand command) throws IOException {
    String jars;
    try (Stream<Path> files = Files.list(MavenJars.server("s3-client"))) {
      jars = files.map(Path::toString).sorted().collect(Collectors.joining(","));
    }
    List<String> options = new ArrayList<>(List.of("--jars", jars));
    settings()
        .forEach(
            (name, value) ->
                options.addAll(List.of("--conf", "spark.hadoop." + name + "=" + value)));
    CensusCommand reaching = command.submit(options.toArray(String[]::new));
    CREDENTIALS.forEach(reaching::with);
    return reaching;
  }

  private Map<String, String> settings() {
    return Map.of(
        "fs.s3a.endpoint", "http://127.0.0.1:" + port,
        "fs.s3a.endpoint.region", "us-east-1",
        "fs.s3a.path.style.access", "true");
  }

  @Override
  public void close() {
    process.close();
  }
}
