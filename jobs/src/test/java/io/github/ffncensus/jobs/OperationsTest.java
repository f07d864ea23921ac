package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ffncensus.jobs.metrics.CensusPlugin;
import io.github.ffncensus.jobs.metrics.CountedSoFar;
import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run over a corpus shows to an operator: the event log, and metrics in a sink. */
class OperationsTest {
  private static final List<String> STAGES = List.of("ingest", "scan", "interpret");

  @TempDir static Path folder;
  private static final Set<String> SETTINGS = new TreeSet<>();
  private static final List<JsonNode> EVENTS = new ArrayList<>();
  private static JsonNode manifest;
  private static Map<String, Double> before;

  @BeforeAll
  static void run() throws IOException {
    Path events = Files.createDirectory(folder.resolve("events"));
    Path metrics = Files.createDirectory(folder.resolve("metrics"));
    set("spark.master", "local[2]");
    set("spark.ui.enabled", "false");
    set("spark.eventLog.enabled", "true");
    set("spark.eventLog.compress", "false");
    set("spark.eventLog.dir", events.toUri().toString());
    set("spark.metrics.namespace", "census");
    set("spark.metrics.conf.*.sink.csv.class", "org.apache.spark.metrics.sink.CsvSink");
    set("spark.metrics.conf.*.sink.csv.directory", metrics.toString());
    set("spark.metrics.conf.*.sink.csv.period", "1");
    set("spark.metrics.conf.*.sink.csv.unit", "seconds");
    before = CountedSoFar.byName();
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(messages, true, StandardCharsets.UTF_8);
    int exitCode =
        FfnCensus.execute(
            err,
            err,
            "run",
            "--config=" + Files.writeString(folder.resolve("my.conf"), ""),
            "run-id=r1",
            "warehouse=" + folder.resolve("w"),
            "model.path=../common/src/test/resources/fixtures/bert-gelu",
            "corpus.input=" + folder.resolve("corpus.jsonl"),
            "corpus.over-long=window",
            "ingest.shard-tokens=600");
    assertThat(exitCode).as(messages.toString(StandardCharsets.UTF_8)).isZero();
    ObjectMapper json = new ObjectMapper();
    manifest = json.readTree(folder.resolve("w/_runs/r1/manifest.json").toFile());
    try (Stream<Path> files = Files.walk(events)) {
      for (Path file : files.filter(OperationsTest::isEventLog).toList()) {
        for (String line : Files.readAllLines(file)) {
          EVENTS.add(json.readTree(line));
        }
      }
    }
  }

  /** Some versions of Spark roll the log in a folder; checksums lie beside it. */
  private static boolean isEventLog(Path file) {
    return Files.isRegularFile(file) && file.getFileName().toString().matches("(events_|local-).*");
  }

  private static void set(String key, String value) {
    System.setProperty(key, value);
    SETTINGS.add(key);
  }

  @AfterAll
  static void clear() {
    SETTINGS.forEach(System::clearProperty);
  }

  @Test
  void everyJob_saysWhatItDoes() {
    Set<String> stages = new TreeSet<>();
    List<JsonNode> jobs = events("SparkListenerJobStart");
    for (JsonNode job : jobs) {
      String description = job.at("/Properties/spark.job.description").asText();
      assertThat(description).as("job %s", job.path("Job ID")).isNotEmpty();
      String stage = description.split(":", 2)[0];
      assertThat(job.at("/Properties/spark.jobGroup.id").asText()).isEqualTo("r1 " + stage);
      stages.add(stage);
    }
    assertThat(stages).containsExactlyInAnyOrderElementsOf(STAGES);
    assertThat(jobs)
        .extracting(job -> job.at("/Properties/spark.job.description").asText())
        .contains(
            "ingest: read",
            "ingest: write",
            "scan: wave 1, 2 shards",
            "scan: bounds of trigger_prefixes for the next wave",
            "scan: merge of neuron_stats",
            "scan: merge of trigger_prefixes",
            "interpret: values",
            "interpret: findings");
  }

  @Test
  void everyStage_isNamed_notByALineOfCode() {
    List<String> names = new ArrayList<>();
    for (JsonNode stage : events("SparkListenerStageSubmitted")) {
      names.add(stage.at("/Stage Info/Stage Name").asText());
    }
    assertThat(names)
        .isNotEmpty()
        .allSatisfy(name -> assertThat(STAGES).contains(name.split(":", 2)[0]))
        .contains("scan: partial results of neuron_stats");
  }

  @Test
  void metrics_reachASink_andAgreeWithTheManifest() throws IOException {
    JsonNode scan = manifest.path("scan");
    for (String counter : List.of("shards", "sequences", "tokens", "batches")) {
      assertThat(counted(counter)).as(counter).isEqualTo(scan.path(counter).asDouble());
    }
    assertThat(counted("candidates")).isEqualTo(scan.path("candidate_rows").asDouble());
    assertThat(1 - counted("tokens") / counted("padded_tokens"))
        .isCloseTo(scan.path("padding_fraction").asDouble(), within(1e-9));
    double seconds = 0;
    for (String phase : List.of("wait_model", "wait_read", "compute", "wait_write")) {
      seconds += counted(phase + "_seconds");
    }
    assertThat(seconds).isCloseTo(scan.path("task_seconds").asDouble(), within(0.01));
    assertThat(last("padding_share")).isBetween(0.0, 1.0);
    assertThat(last("device_busy_share")).isBetween(0.01, 0.9999);
  }

  /** In this run; the process has seen others. */
  private static double counted(String metric) throws IOException {
    return last(metric) - before.get(metric);
  }

  private static double last(String metric) throws IOException {
    String name = "census.driver.plugin.%s.%s.csv".formatted(CensusPlugin.class.getName(), metric);
    List<String> lines = Files.readAllLines(folder.resolve("metrics").resolve(name));
    return Double.parseDouble(lines.get(lines.size() - 1).split(",")[1]);
  }

  private static List<JsonNode> events(String type) {
    return EVENTS.stream().filter(event -> event.path("Event").asText().equals(type)).toList();
  }
}
