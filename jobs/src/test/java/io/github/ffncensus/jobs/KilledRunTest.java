package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.scan.CorpusAndTables;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver that is killed in the middle of a scan, and the same command again. */
class KilledRunTest {
  private static final List<String> SPARK =
      List.of("spark.master=local[2]", "spark.ui.enabled=false", "spark.driver.host=127.0.0.1");

  @TempDir Path folder;

  @BeforeEach
  void settings() {
    SPARK.forEach(s -> System.setProperty(s.split("=")[0], s.split("=")[1]));
  }

  @AfterEach
  void clear() {
    SPARK.forEach(s -> System.clearProperty(s.split("=")[0]));
  }

  @Test
  void killedDuringTheScan_andRunAgain_givesTheTablesOfAnUndisturbedRun() throws Exception {
    CorpusAndTables.writeCorpus(folder.resolve("corpus.jsonl"));
    Path undisturbed = folder.resolve("undisturbed");
    assertThat(FfnCensus.execute(command("run", undisturbed))).isZero();

    Path killed = folder.resolve("killed");
    Path log = folder.resolve("child.log");
    Process child = start(killed, log);
    try {
      Path records = killed.resolve("_staging/r1/scan/shards");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (count(records) < 3) {
        assertThat(child.isAlive()).as("the child, which wrote: %s", read(log)).isTrue();
        assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
        Thread.sleep(5);
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    assertThat(child.exitValue()).as("SIGKILL").isEqualTo(128 + 9);
    assertThat(killed.resolve("neuron_stats")).doesNotExist();
    assertThat(Files.readString(killed.resolve("_runs/r1/manifest.json")))
        .contains("\"status\" : \"running\"");

    assertThat(FfnCensus.execute(command("run", killed))).isZero();
    assertThat(FfnCensus.execute(command("verify", killed))).isZero();
    CorpusAndTables.assertSame(killed, undisturbed);
  }

  private Process start(Path warehouse, Path log) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-Dai.djl"))
        .forEach(line::add);
    SPARK.forEach(setting -> line.add("-D" + setting));
    line.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    line.add(FfnCensus.class.getName());
    line.addAll(List.of(command("run", warehouse)));
    return new ProcessBuilder(line)
        .redirectErrorStream(true)
        .redirectOutput(new File(log.toString()))
        .start();
  }

  private String[] command(String name, Path warehouse) throws IOException {
    Path config = Files.writeString(folder.resolve("my.conf"), "");
    return new String[] {
      name,
      "--config",
      config.toString(),
      "run-id=r1",
      "warehouse=" + warehouse,
      "model.path=../common/src/test/resources/fixtures/llama-silu",
      "corpus.input=" + folder.resolve("corpus.jsonl"),
      "corpus.over-long=window",
      "ingest.shard-tokens=150",
      "scan.activations.per-token=4"
    };
  }

  private static int count(Path records) {
    String[] names = records.toFile().list((folder, name) -> name.matches("\\d+\\.json"));
    return names == null ? 0 : names.length;
  }

  private static String read(Path log) throws IOException {
    return Files.readString(log);
  }
}
