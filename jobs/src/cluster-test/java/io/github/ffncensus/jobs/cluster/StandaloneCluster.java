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
  private final List<Worker> workers = new ArrayList<>();

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

  /** With one core. */
  Worker startWorker() throws IOException {
    return startWorker(Map.of());
  }

  /**
   * @param variables of the worker's environment
   * @param settings lines of the worker's properties file
   */
  Worker startWorker(Map<String, String> variables, String... settings) throws IOException {
    return startWorker(1, variables, settings);
  }

  /**
   * @param cores executors of one core that it has at a time
   */
  Worker startWorker(int cores, Map<String, String> variables, String... settings)
      throws IOException {
    int number = workers.size();
    int ui = ServerProcess.freePort();
    Path properties = folder.resolve("worker-" + number + ".properties");
    Path work = folder.resolve("work-" + number);
    Files.write(properties, List.of(settings));
    Map<String, String> environment = environment();
    environment.putAll(variables);
    ServerProcess process =
        ServerProcess.java(
            sparkHome.resolve("jars") + "/*",
            environment,
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
                Integer.toString(cores),
                "--memory",
                "2g",
                "--work-dir",
                work.toString(),
                "--properties-file",
                properties.toString(),
                url()));
    process.await(
        () -> process.log().contains("Successfully registered with master"),
        "registration with the master");
    Worker worker = new Worker(process, work);
    workers.add(worker);
    return worker;
  }

  /** Those that run, in the order in which they were started. */
  List<Worker> workers() {
    return workers.stream().filter(worker -> worker.process().process().isAlive()).toList();
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>(ServerProcess.SHORT_LIVED);
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
    workers.forEach(worker -> worker.process().close());
    master.close();
  }
}
