package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.tools.attach.VirtualMachine;
import io.github.ffncensus.jobs.cluster.Shared.Reference;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What an operator sees of a census with the settings of docs/operations.md: a page for Prometheus
 * and MBeans while it runs, and its jobs in the history server afterwards.
 */
@ExtendWith(Shared.class)
class OperationsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern TOKENS =
      Pattern.compile("metrics_census_driver_plugin_\\w*CensusPlugin_tokens_Count\\S* (\\d+)");

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void metricsAreServed_andJobsAreRemembered(Reference reference) throws Exception {
    Path folder = Shared.folder("operations");
    Path events = Files.createDirectory(folder.resolve("events"));
    int ui = ServerProcess.freePort();
    CensusCommand command =
        CensusCommand.local(folder)
            .with("FFN_CENSUS_UI", "1")
            .submit("--conf", "spark.ui.port=" + ui)
            .submit("--conf", "spark.metrics.namespace=census")
            .submit("--conf", "spark.ui.prometheus.enabled=true")
            .submit(
                "--conf",
                "spark.metrics.conf.*.sink.prometheusServlet.class="
                    + "org.apache.spark.metrics.sink.PrometheusServlet")
            .submit(
                "--conf", "spark.metrics.conf.*.sink.prometheusServlet.path=/metrics/prometheus")
            .submit(
                "--conf",
                "spark.metrics.conf.*.sink.jmx.class=org.apache.spark.metrics.sink.JmxSink")
            .submit("--conf", "spark.eventLog.enabled=true")
            .submit("--conf", "spark.eventLog.dir=" + events.toUri());
    String warehouse = folder.resolve("warehouse").toString();
    try (ServerProcess census =
        command.start(reference.census().arguments("run", "r1", warehouse))) {
      String page = "http://127.0.0.1:" + ui + "/metrics/prometheus/";
      census.await(() -> tokens(page) > 0, "tokens at " + page);
      assertThat(tokensByJmx(census.process().pid())).isPositive();
      CensusCommand.end(census).expect(0);
    }
    assertThat(jobs(folder, events))
        .contains("ingest: read", "interpret: findings", "edit: findings")
        .anySatisfy(job -> assertThat(job).startsWith("scan: wave 1, "));
  }

  /** 0 as long as nothing answers. */
  private long tokens(String page) {
    try {
      Matcher tokens = TOKENS.matcher(get(page));
      return tokens.find() ? Long.parseLong(tokens.group(1)) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  // The other end is a process that this one started, on the same machine.
  @SuppressWarnings("BanJNDI")
  private static long tokensByJmx(long pid) throws Exception {
    VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
    try (JMXConnector connector =
        JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent()))) {
      MBeanServerConnection beans = connector.getMBeanServerConnection();
      return (long) beans.getAttribute(tokensBean(beans), "Count");
    } finally {
      machine.detach();
    }
  }

  private static ObjectName tokensBean(MBeanServerConnection beans)
      throws IOException, JMException {
    return beans.queryNames(new ObjectName("metrics:*"), null).stream()
        .filter(bean -> bean.getKeyProperty("name").endsWith("CensusPlugin.tokens"))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no bean of the metric tokens"));
  }

  /** Names of all jobs of the only application that a history server finds. */
  private List<String> jobs(Path folder, Path events) throws IOException {
    int port = ServerProcess.freePort();
    try (ServerProcess history =
        ServerProcess.java(
            MavenJars.spark().resolve("jars") + "/*",
            Map.of(),
            folder.resolve("history.log"),
            List.of(
                "-Dspark.history.fs.logDirectory=" + events.toUri(),
                "-Dspark.history.ui.port=" + port,
                "org.apache.spark.deploy.history.HistoryServer"))) {
      String applications = "http://127.0.0.1:" + port + "/api/v1/applications";
      history.await(() -> list(applications).size() == 1, "application at " + applications);
      String id = list(applications).get(0).path("id").asText();
      return list(applications + "/" + id + "/jobs").findValuesAsText("description");
    }
  }

  /** Empty as long as nothing answers. */
  private JsonNode list(String address) {
    try {
      return JSON.readTree(get(address));
    } catch (IOException e) {
      return JSON.createArrayNode();
    }
  }

  private String get(String address) throws IOException {
    try {
      return http.send(
              HttpRequest.newBuilder(URI.create(address)).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
