package io.github.ffncensus.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A standalone master and its workers, each a process of its own, on loopback. */
final class StandaloneCluster implements AutoCloseable {
  private final Path sparkHome;
  private final Path folder;
  private final String scala;
  private final int port;
  private final ServerProcess master;
  private final List<ServerProcess> workers = new ArrayList<>();

  /**
   * @param sparkHome folder with {@code jars}
   * @param folder for logs and scratch files
   */
  StandaloneCluster(Path sparkHome, String scala, Path folder) throws IOException {
    this.sparkHome = sparkHome;
    this.scala = scala;
    this.folder = folder;
    this.port = ServerProcess.freePort();
    this.master =
        ServerProcess.java(
            sparkHome.resolve("jars") + "/*",
            environment(),
            folder.resolve("master.log"),
            command(
                "org.apache.spark.deploy.master.Master",
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--webui-port",
                Integer.toString(ServerProcess.freePort())));
    master.awaitPort(port);
  }

  String url() {
    return "spark://127.0.0.1:" + port;
  }

  Path sparkHome() {
    return sparkHome;
  }

  /**
   * @param settings lines of the worker's properties file
   */
  ServerProcess startWorker(String... settings) throws IOException {
    int number = workers.size();
    int ui = ServerProcess.freePort();
    Path properties = folder.resolve("worker-" + number + ".properties");
    Files.write(properties, List.of(settings));
    ServerProcess worker =
        ServerProcess.java(
            sparkHome.resolve("jars") + "/*",
            environment(),
            folder.resolve("worker-" + number + ".log"),
            command(
                "org.apache.spark.deploy.worker.Worker",
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(ServerProcess.freePort()),
                "--webui-port",
                Integer.toString(ui),
                "--cores",
                "1",
                "--memory",
                "2g",
                "--work-dir",
                folder.resolve("work-" + number).toString(),
                "--properties-file",
                properties.toString(),
                url()));
    workers.add(worker);
    worker.await(
        () -> {
          try {
            return worker.log().contains("Successfully registered with master");
          } catch (IOException e) {
            return false;
          }
        },
        "registration with the master");
    return worker;
  }

  List<ServerProcess> workers() {
    return workers;
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("SPARK_HOME", sparkHome.toString());
    environment.put("SPARK_SCALA_VERSION", scala);
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    environment.put("SPARK_LOCAL_DIRS", folder.resolve("local").toString());
    return environment;
  }

  private static List<String> command(String... mainAndArguments) {
    List<String> line = new ArrayList<>(CensusCommand.MODULE_OPTIONS);
    line.add("-Xmx256m");
    line.addAll(List.of(mainAndArguments));
    return line;
  }

  @Override
  public void close() {
    workers.forEach(ServerProcess::close);
    master.close();
  }
}
