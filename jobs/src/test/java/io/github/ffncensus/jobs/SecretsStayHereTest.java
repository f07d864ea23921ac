package io.github.ffncensus.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secret settings of a process are in nothing that a run writes. */
class SecretsStayHereTest {
  private static final String SECRET = "S3cr3t+Value42";

  @TempDir Path folder;

  @Test
  void manifestMessagesAndStackTraces() throws IOException {
    // What fails quotes the secret, as it may when a user has pasted it into the wrong place.
    Path corpus = Files.write(folder.resolve(SECRET + ".txt.gz"), new byte[] {1, 2, 3});
    try (CensusCli census = census(corpus)) {
      assertThat(census.run("run", "--debug")).isEqualTo(3);
      assertThat(census.err())
          .contains("*********(redacted).txt.gz cannot be read", "\tat ")
          .doesNotContain(SECRET);
      assertThat(census.run("runs")).isZero();
      assertThat(census.out()).contains("r1");
    }
    assertThat(Files.readString(folder.resolve("w/_runs/r1/manifest.json")))
        .contains("cannot be read", "*********(redacted).txt.gz");
    try (Stream<Path> files = Files.walk(folder.resolve("w"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .doesNotContain(SECRET);
      }
    }
  }

  @Test
  void logs() throws IOException {
    Path corpus = Files.writeString(folder.resolve("corpus.txt"), "The cat sat.\n");
    Captured logs = Captured.begin();
    try (CensusCli census = census(corpus)) {
      assertThat(census.run("ingest")).as(census.err()).isZero();
    } finally {
      logs.end();
    }
    assertThat(logs.lines)
        .as("Spark logs its settings")
        .anyMatch(line -> line.contains("spark.hadoop.fs.s3a.secret.key"))
        .noneMatch(line -> line.contains(SECRET));
  }

  private CensusCli census(Path corpus) throws IOException {
    return new CensusCli(
            folder,
            List.of(
                "run-id=r1",
                "warehouse=" + folder.resolve("w"),
                "model.path=../common/src/test/resources/fixtures/gpt2-gelu-new",
                "corpus.format=text",
                "corpus.input=" + corpus))
        .property("spark.hadoop.fs.s3a.secret.key", SECRET)
        .property("spark.logConf", "true");
  }

  @Test
  void passwordInAnAddress_isRefusedAndNotQuoted() throws IOException {
    try (CensusCli census =
        new CensusCli(
            folder,
            List.of(
                "run-id=r1",
                "warehouse=s3a://AKIA:" + SECRET + "@bucket/w",
                "model.path=x",
                "corpus.input=/nowhere"))) {
      assertThat(census.run("run", "--debug")).isEqualTo(2);
      assertThat(census.err())
          .contains("census.warehouse: the address has a password in it")
          .doesNotContain(SECRET);
    }
  }

  private static final class Captured extends AbstractAppender {
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final LoggerConfig root =
        LoggerContext.getContext(false).getConfiguration().getRootLogger();
    private final Level before = root.getLevel();

    private Captured() {
      super("captured", null, PatternLayout.createDefaultLayout(), true, Property.EMPTY_ARRAY);
    }

    static Captured begin() {
      Captured captured = new Captured();
      captured.start();
      captured.root.addAppender(captured, Level.INFO, null);
      captured.setLevel(Level.INFO);
      return captured;
    }

    void end() {
      root.removeAppender(getName());
      setLevel(before);
      stop();
    }

    private void setLevel(Level level) {
      root.setLevel(level);
      LoggerContext.getContext(false).updateLoggers();
    }

    @Override
    public void append(LogEvent event) {
      lines.add(event.getMessage().getFormattedMessage() + " " + event.getThrown());
    }
  }
}
