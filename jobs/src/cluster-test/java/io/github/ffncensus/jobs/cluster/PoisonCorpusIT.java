package io.github.ffncensus.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ffncensus.jobs.cluster.Shared.Reference;
import io.github.ffncensus.jobs.scan.TableRows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Poison documents in every input format, on a cluster: the tables are those of a corpus that has
 * empty documents in their places.
 */
@ExtendWith(Shared.class)
class PoisonCorpusIT {
  private static final int DOCUMENTS = 30;
  private static final List<byte[]> POISON =
      List.of(new byte[] {'a', (byte) 0xc3, '('}, huge(), new byte[] {(byte) 0xff, 0, '\\'});
  private static final MessageType PARQUET =
      MessageTypeParser.parseMessageType("message m { optional binary text; }");

  private final StandaloneCluster cluster;
  private final Reference reference;

  PoisonCorpusIT(StandaloneCluster cluster, Reference reference) {
    this.cluster = cluster;
    this.reference = reference;
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "jsonl", "parquet"})
  void poison_isRejected_andChangesNothingElse(String format) throws IOException {
    Path folder = Shared.folder("poison-" + format);
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    write(corpus, format, i -> new byte[0]);
    run(folder, format, "clean");
    assertThat(reasons(folder, "clean")).containsExactly("empty");
    // In the same files: their paths are part of the tables.
    write(corpus, format, POISON::get);
    run(folder, format, "poisoned");
    assertThat(reasons(folder, "poisoned")).contains("undecodable", "over_long");
    RunTables.assertSame(
        warehouse(folder, "poisoned"), "r1", warehouse(folder, "clean"), "r1", Set.of("rejects"));
  }

  private void run(Path folder, String format, String name) throws IOException {
    for (String command : List.of("run", "verify")) {
      CensusCommand.on(cluster, folder)
          .run(
              reference
                  .census()
                  .arguments(
                      command,
                      "r1",
                      warehouse(folder, name),
                      "stages=[ingest,scan]",
                      "corpus.format=" + format,
                      "corpus.input=" + folder.resolve("corpus")))
          .expect(0);
    }
  }

  private static String warehouse(Path folder, String name) {
    return folder.resolve(name).toUri().toString();
  }

  private static Set<Object> reasons(Path folder, String name) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(name).resolve("rejects/run_id=r1"))) {
      Set<Object> reasons = new TreeSet<>();
      TableRows.read(
              "rejects",
              files
                  .filter(file -> file.toString().endsWith(".parquet"))
                  .map(file -> new org.apache.hadoop.fs.Path(file.toUri()))
                  .toList())
          .forEach(row -> reasons.add(row.get("reason")));
      return reasons;
    }
  }

  /** What stands in a bad place. */
  @FunctionalInterface
  private interface Bad {
    byte[] at(int number);
  }

  /** A plain file and, of formats that have them, a compressed one. */
  private static void write(Path corpus, String format, Bad bad) throws IOException {
    List<byte[]> documents = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      documents.add(bytes("Document %d is about a river. The city is not far.".formatted(i)));
    }
    for (int i = 0; i < POISON.size(); i++) {
      documents.set(DOCUMENTS / 2 + 2 * i, bad.at(i));
    }
    if (format.equals("parquet")) {
      Path file = corpus.resolve("a.parquet");
      Files.deleteIfExists(file);
      Files.deleteIfExists(corpus.resolve(".a.parquet.crc"));
      try (ParquetWriter<Group> writer =
          ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
              .withType(PARQUET)
              .build()) {
        for (byte[] document : documents) {
          writer.write(
              new SimpleGroup(PARQUET).append("text", Binary.fromConstantByteArray(document)));
        }
      }
      return;
    }
    boolean json = format.equals("jsonl");
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    for (byte[] document : documents) {
      lines.write(bytes(json ? "{\"text\":\"" : ""));
      lines.write(document);
      lines.write(bytes(json ? "\"}\n" : "\n"));
    }
    Files.write(corpus.resolve("a." + format), lines.toByteArray());
    try (GZIPOutputStream zipped =
        new GZIPOutputStream(Files.newOutputStream(corpus.resolve("b." + format + ".gz")))) {
      zipped.write(lines.toByteArray());
    }
  }

  private static byte[] huge() {
    byte[] huge = new byte[20 << 20];
    Arrays.fill(huge, (byte) 'x');
    return huge;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
