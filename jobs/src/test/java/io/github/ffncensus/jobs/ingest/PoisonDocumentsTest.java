package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.ingest.IngestFixture.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A poison document in every format, between two good ones: it ends in {@code rejects} and the good
 * ones are used, or the failure names its file. {@link IngestFixture} checks that documents read =
 * used + rejected.
 */
class PoisonDocumentsTest {
  private static final int HUGE = 100 << 20;
  private static final MessageType TEXT =
      MessageTypeParser.parseMessageType("message m { optional binary text; }");

  @TempDir Path folder;
  private IngestFixture ingest;

  @BeforeEach
  void start() {
    ingest = new IngestFixture("local[2]", folder);
  }

  @AfterEach
  void stop() {
    ingest.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "text.gz", "jsonl", "jsonl.gz", "parquet"})
  void bytesThatAreNoUtf8(String format) throws IOException {
    assertThat(ingest(format, new byte[] {'a', (byte) 0xc3, (byte) 0x28}).reasons())
        .containsExactly("undecodable");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "text.gz", "jsonl", "jsonl.gz", "parquet"})
  void nulBytes_areText(String format) throws IOException {
    byte[] nul = format.startsWith("jsonl") ? bytes("a\\u0000b") : bytes("a\u0000b");
    Outcome outcome = ingest(format, nul);
    assertThat(outcome.rejects()).isEmpty();
    assertThat(outcome.texts()).containsExactly("one river", "a\u0000b", "two rivers");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "jsonl.gz"})
  void nulBytesInJson(String format) throws IOException {
    assertThat(ingest(format, bytes("a\u0000b")).reasons()).containsExactly("malformed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "text.gz", "jsonl", "jsonl.gz", "parquet"})
  void documentOfAHundredMegabytes(String format) throws IOException {
    byte[] huge = new byte[HUGE];
    Arrays.fill(huge, (byte) 'x');
    assertThat(ingest(format, huge).reasons()).containsExactly("over_long");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text.gz", "jsonl.gz"})
  void gzipThatIsCutShort_isNamed(String format) throws IOException {
    Path file = write(format, bytes("poison"));
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 9));
    assertThat(failure(format)).contains(file.getFileName() + " cannot be read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text.gz", "jsonl.gz"})
  void gzipThatIsNone_isNamed(String format) throws IOException {
    Path file = Files.write(write(format, bytes("poison")), bytes("plain text\n"));
    assertThat(failure(format)).contains(file.getFileName() + " cannot be read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "jsonl"})
  void emptyFile_holdsNoDocument(String format) throws IOException {
    Files.write(ingest.corpusFile("empty." + format), new byte[0]);
    Outcome outcome = ingest(format, bytes("a poison"));
    assertThat(outcome.texts()).hasSize(3);
    assertThat(outcome.rejects()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "text.gz", "jsonl.gz"})
  void emptyFileOfAFormatThatHasNone_isNamed(String format) throws IOException {
    Files.write(ingest.corpusFile("empty." + format), new byte[0]);
    write(format, bytes("poison"));
    assertThat(failure(format)).contains("empty." + format);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "optional group text { required int32 a; }",
        "optional group text (LIST) { repeated group list { required binary element (STRING); } }",
        "optional int96 text;"
      })
  void parquetColumnThatIsNoText_isNamed(String column) throws IOException {
    MessageType schema = MessageTypeParser.parseMessageType("message m { " + column + " }");
    Path file = ingest.corpusFile("x.parquet");
    try (ParquetWriter<Group> writer = parquet(file, schema)) {
      writer.write(new SimpleGroup(schema));
    }
    assertThat(failure("parquet"))
        .contains("x.parquet")
        .contains("field text")
        .contains("corpus.text-field");
  }

  private Outcome ingest(String format, byte[] poison) throws IOException {
    write(format, poison);
    return ingest.ingest("corpus.format=" + kind(format));
  }

  private String failure(String format) {
    Throwable failure = catchThrowable(() -> ingest.ingest("corpus.format=" + kind(format)));
    assertThat(failure).isNotNull();
    CensusException known = CensusException.in(failure).orElseThrow();
    assertThat(known.kind()).isEqualTo(CensusException.Kind.INPUT);
    return known.getMessage();
  }

  private static String kind(String format) {
    return format.replace(".gz", "");
  }

  /** A file with the poison as the second of three documents. */
  private Path write(String format, byte[] poison) throws IOException {
    Path file = ingest.corpusFile("corpus." + format);
    List<byte[]> documents = List.of(bytes("one river"), poison, bytes("two rivers"));
    if (format.equals("parquet")) {
      try (ParquetWriter<Group> writer = parquet(file, TEXT)) {
        for (byte[] document : documents) {
          writer.write(
              new SimpleGroup(TEXT).append("text", Binary.fromConstantByteArray(document)));
        }
      }
      return file;
    }
    boolean json = format.startsWith("jsonl");
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    try (OutputStream out = format.endsWith(".gz") ? new GZIPOutputStream(lines) : lines) {
      for (byte[] document : documents) {
        out.write(bytes(json ? "{\"text\":\"" : ""));
        out.write(document);
        out.write(bytes(json ? "\"}\n" : "\n"));
      }
    }
    return Files.write(file, lines.toByteArray());
  }

  private static ParquetWriter<Group> parquet(Path file, MessageType schema) throws IOException {
    return ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
        .withType(schema)
        .build();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
