package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.github.luben.zstd.ZstdOutputStream;
import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.ingest.IngestFixture.Outcome;
import io.github.ffncensus.table.RejectRow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.io.compress.BZip2Codec;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestJobTest {
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

  @Test
  void linesOfText() throws Exception {
    ingest.write("a.txt", "\ufeffOne river.\r\nTwo\rstill two.\n\n   \nThe name\u0000.\nlast");
    ingest.write("b.txt", "");
    ingest.write("sub/c.txt", "\n");
    Outcome outcome = ingest.ingest();
    assertThat(outcome.texts())
        .containsExactly("One river.", "Two\rstill two.", "The name\u0000.", "last");
    assertThat(outcome.documentIds()).containsExactly("a.txt:1", "a.txt:2", "a.txt:5", "a.txt:6");
    assertThat(outcome.rejects())
        .extracting(RejectRow::documentId)
        .containsExactly("a.txt:3", "a.txt:4", "sub/c.txt:1");
    assertThat(outcome.reasons()).containsOnly("empty");
    assertThat(outcome.rejects().get(0).source()).startsWith("file:/").endsWith("corpus/a.txt");
    assertThat(outcome.rejects().get(0).detail()).startsWith("line 3: ");
  }

  @Test
  void linesThatCannotBeUsed() throws Exception {
    try (OutputStream out = Files.newOutputStream(ingest.corpusFile("a.txt"))) {
      out.write("fine\n".getBytes(StandardCharsets.UTF_8));
      out.write(new byte[] {'a', 'b', (byte) 0xff, '\n'});
      out.write(("x ".repeat(1 << 16) + "\nthe end\n").getBytes(StandardCharsets.UTF_8));
    }
    Outcome short1 = ingest.ingest("corpus.max-document-chars=1000", "corpus.sequence=line");
    assertThat(short1.texts()).containsExactly("fine", "the end");
    assertThat(short1.rejects())
        .extracting(RejectRow::reason, RejectRow::detail)
        .containsExactly(
            tuple("undecodable", "line 2: byte 3 of the line is not UTF-8"),
            tuple("over_long", "line 3: longer than max-document-chars = 1000"));
    Outcome sequenceTooLong = ingest.ingest("corpus.sequence=line");
    assertThat(sequenceTooLong.reasons()).containsExactly("undecodable", "over_long");
    assertThat(sequenceTooLong.rejects().get(1).detail()).contains("24 tokens");
    Outcome windows = ingest.ingest("corpus.sequence=line", "corpus.over-long=window");
    assertThat(windows.reasons()).containsExactly("undecodable");
    assertThat(windows.result().sequences()).isEqualTo((1 << 16) / 22 + 1 + 2);
  }

  @Test
  void jsonThatCannotBeUsed() throws Exception {
    ingest.write(
        "a.jsonl",
        """
        {"id":"a","text":"one","other":{"text":[1,{"text":"no"}]}}

        {"id":7,"text":12}
        {"id":7.50,"text":"seven"}
        {"text":"without id"}
        {"id":"","text":"empty id"}
        {"id":"b"}
        {"id":"c","text":null}
        {"id":"d","text":["x"]}
        {"id":"e","text":true}
        {"id":"f","text":"cut
        nothing
        [1]
        {"id":"g","text":"x"} trailing
        {"id":"h","text":"half \\ud83d pair"}
        {"id":"i","text":"a pair \\ud83d\\ude00"}
        {"id":"j","text":" "}
        """);
    Outcome outcome = ingest.ingest("corpus.format=jsonl");
    assertThat(outcome.documentIds())
        .containsExactly("a", "7", "7.50", "a.jsonl:5", "a.jsonl:6", "i");
    assertThat(outcome.texts())
        .containsExactly("one", "12", "seven", "without id", "empty id", "a pair 😀");
    assertThat(outcome.rejects())
        .extracting(row -> row.documentId() + " " + row.reason())
        .containsExactly(
            "b missing_field",
            "c missing_field",
            "d missing_field",
            "e missing_field",
            "a.jsonl:11 malformed",
            "a.jsonl:12 malformed",
            "a.jsonl:13 malformed",
            "a.jsonl:14 malformed",
            "h undecodable",
            "j empty");
    assertThat(outcome.rejects().get(1).detail())
        .isEqualTo("line 8: field text is null, not a string");
  }

  @Test
  void nestedFields() throws Exception {
    ingest.write(
        "a.jsonl",
        "{\"doc\":{\"meta\":{\"id\":3},\"body\":\"one\"}}\n{\"doc.body\":\"two\",\"doc\":{}}\n");
    Outcome outcome =
        ingest.ingest(
            "corpus.format=jsonl", "corpus.text-field=doc.body", "corpus.id-field=doc.meta.id");
    assertThat(outcome.texts()).containsExactly("one", "two");
    assertThat(outcome.documentIds()).containsExactly("3", "a.jsonl:2");
  }

  @Test
  void firstOfEqualIdsWins() throws Exception {
    ingest.write(
        "a.jsonl",
        "{\"id\":1,\"text\":\"\"}\n{\"id\":1,\"text\":\"first\"}\n{\"id\":\"1\",\"text\":\"second\"}\n"
            + "{\"id\":2,\"text\":\"other\"}\n");
    ingest.write(
        "b.jsonl",
        "{\"id\":2,\"text\":\"third\"}\n{\"id\":\"a.jsonl:9\",\"text\":\"own\"}\n{\"id\":1,\"text\":\"x\"}\n");
    for (String splitBytes : List.of("10", "1000000")) {
      Outcome outcome = ingest.ingest("corpus.format=jsonl", "ingest.split-bytes=" + splitBytes);
      assertThat(outcome.texts()).containsExactly("first", "other", "own");
      assertThat(outcome.rejects())
          .extracting(row -> row.documentId() + " " + row.reason())
          .containsExactly("1 empty", "1 duplicate_id", "2 duplicate_id", "1 duplicate_id");
    }
  }

  @Test
  void anIdThatAllDocumentsShare() throws Exception {
    ingest.write("a.jsonl", "{\"id\":\"same\",\"text\":\"one\"}\n".repeat(200));
    Outcome outcome = ingest.ingest("corpus.format=jsonl", "ingest.split-bytes=100");
    assertThat(outcome.result().documentsInSequences()).isEqualTo(1);
    assertThat(outcome.result().documentsInRejects()).isEqualTo(199);
  }

  @Test
  void everyFormatAndCompressionGivesTheSame() throws Exception {
    StringBuilder text = new StringBuilder();
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      text.append("River number ").append(i).append("\n");
      json.append("{\"text\":\"River number ")
          .append(i)
          .append("\",\"id\":")
          .append(i)
          .append("}\n");
    }
    Outcome plain = formatOutcome("plain/x", bytes(text), "text");
    assertThat(plain.result().sequences()).isEqualTo(300);
    List<Outcome> others =
        List.of(
            formatOutcome("gz/x.gz", gzip(bytes(text)), "text"),
            formatOutcome("bz2/x.bz2", bzip2(bytes(text)), "text"),
            formatOutcome("zst/x.zst", zstd(bytes(text)), "text"),
            formatOutcome("json/x.jsonl", bytes(json), "jsonl"),
            formatOutcome("jsongz/x.jsonl.gz", gzip(bytes(json)), "jsonl"),
            formatOutcome("parquet/x", null, "parquet"));
    for (Outcome other : others) {
      assertThat(other.texts()).isEqualTo(plain.texts());
    }
    assertThat(others.get(5).documentIds()).isEqualTo(others.get(3).documentIds());
  }

  private Outcome formatOutcome(String name, byte[] content, String format) throws IOException {
    Path file = ingest.corpusFile(name);
    if (content == null) {
      writeParquet(file, 300);
    } else {
      Files.write(file, content);
    }
    return ingest.ingest(
        "corpus.input=" + file, "corpus.format=" + format, "ingest.split-bytes=500");
  }

  @Test
  void parquetRowsWithoutText() throws Exception {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message m { required int64 id; optional binary text (STRING); }");
    Path file = ingest.corpusFile("x.parquet");
    try (ParquetWriter<Group> writer = parquet(file, schema)) {
      writer.write(new SimpleGroup(schema).append("id", 1L).append("text", "one"));
      writer.write(new SimpleGroup(schema).append("id", 2L));
    }
    Outcome outcome = ingest.ingest("corpus.format=parquet");
    assertThat(outcome.documentIds()).containsExactly("1");
    assertThat(outcome.rejects().get(0).detail()).isEqualTo("row 2: column text is null");
    Outcome ids = ingest.ingest("corpus.format=parquet", "corpus.id-field=none");
    assertThat(ids.documentIds()).containsExactly("x.parquet:1");
    assertRefused("x.parquet", "corpus.format=parquet", "corpus.text-field=body")
        .hasMessageContaining("has the field body");
  }

  @Test
  void filesAsDocuments() throws Exception {
    ingest.write("a/1.txt", "One. Two.\nThree.");
    ingest.write("a/2.txt", "");
    Files.write(ingest.corpusFile("a/3.txt.gz"), gzip("Four".getBytes(StandardCharsets.UTF_8)));
    ingest.write("b/1.txt", "x".repeat(200));
    Outcome outcome =
        ingest.ingest(
            "corpus.file-is-document=true",
            "corpus.sequence=sentence",
            "corpus.max-document-chars=100");
    assertThat(outcome.texts()).containsExactly("One.", "Two.", "Three.", "Four");
    assertThat(outcome.documentIds())
        .containsExactly("a/1.txt", "a/1.txt", "a/1.txt", "a/3.txt.gz");
    assertThat(outcome.rejects())
        .extracting(row -> row.documentId() + " " + row.reason())
        .containsExactly("a/2.txt empty", "b/1.txt over_long");
  }

  @Test
  void shardsHoldEqualNumbersOfTokens() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2_000; i++) {
      text.append("the river ".repeat(1 + i % 5)).append("\n");
    }
    ingest.write("a.txt", text.toString());
    Outcome outcome = ingest.ingest("ingest.shard-tokens=1000", "ingest.split-bytes=4000");
    long tokens = outcome.result().tokens();
    long shards = (tokens + 999) / 1000;
    assertThat(outcome.result().plan().shards()).hasSize((int) shards);
    for (ShardPlan.Shard shard : outcome.result().plan().shards()) {
      assertThat(shard.tokens()).isBetween(tokens / shards - 15, tokens / shards + 15);
    }
    ingest.write("b.txt", "the river\n".repeat(50));
    Outcome one =
        ingest.ingest("ingest.shard-tokens=1", "corpus.input=" + folder.resolve("corpus/b.txt"));
    assertThat(one.result().plan().shards()).hasSize(50);
  }

  @Test
  void unusableCorpora() throws Exception {
    ingest.write("empty.txt", "");
    assertRefused("empty.txt").hasMessageContaining("corpus is empty");
    ingest.write("blank.txt", "\n\n");
    assertRefused("blank.txt").hasMessageContainingAll("no document", "2 empty", "rejects");
    ingest.write("a.jsonl", "{\"a\":1}\n{\"a\":2}\n");
    assertRefused("a.jsonl", "corpus.format=jsonl").hasMessageContaining("has the field text");
    assertRefused("missing*").hasMessageContaining("missing*");
    byte[] zipped = gzip("the river\n".repeat(10_000).getBytes(StandardCharsets.UTF_8));
    Files.write(ingest.corpusFile("cut.gz"), Arrays.copyOf(zipped, zipped.length - 20));
    assertRefused("cut.gz").hasMessageContaining("cut.gz cannot be read");
    Path parquet = ingest.corpusFile("x.parquet");
    writeParquet(parquet, 5_000);
    byte[] whole = Files.readAllBytes(parquet);
    Files.write(parquet, Arrays.copyOf(whole, whole.length / 2));
    assertRefused("x.parquet", "corpus.format=parquet").hasMessageContaining("x.parquet");
  }

  @Test
  void tooManyRejects() throws Exception {
    ingest.write("a.txt", "one\n\ntwo\n\n");
    assertRefused("a.txt", "corpus.max-rejected-fraction=0.4")
        .hasMessageContainingAll("0.4", "4 documents", "2 empty", "_staging", "rejects");
    assertThat(ingest.ingest("corpus.max-rejected-fraction=0.5").reasons()).hasSize(2);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      String input, String... settings) {
    String[] all = Arrays.copyOf(settings, settings.length + 1);
    all[settings.length] = "corpus.input=" + folder.resolve("corpus").resolve(input);
    return assertThatThrownBy(
        () -> {
          try {
            ingest.ingest(all);
          } catch (Exception e) {
            CensusException cause = CensusException.in(e).orElseThrow(() -> e);
            assertThat(cause.kind()).isEqualTo(CensusException.Kind.INPUT);
            throw cause;
          }
        });
  }

  private void writeParquet(Path file, int rows) throws IOException {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message m { required int32 id; required binary text (STRING); optional double x; }");
    Files.deleteIfExists(file);
    try (ParquetWriter<Group> writer = parquet(file, schema)) {
      for (int i = 0; i < rows; i++) {
        writer.write(new SimpleGroup(schema).append("id", i).append("text", "River number " + i));
      }
    }
  }

  private static ParquetWriter<Group> parquet(Path file, MessageType schema) throws IOException {
    return ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
        .withType(schema)
        .withRowGroupSize(1_000L)
        .withMinRowCountForPageSizeCheck(10)
        .build();
  }

  private static byte[] bytes(CharSequence text) {
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(content);
    }
    return out.toByteArray();
  }

  private static byte[] zstd(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZstdOutputStream zip = new ZstdOutputStream(out)) {
      zip.write(content);
    }
    return out.toByteArray();
  }

  private byte[] bzip2(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BZip2Codec codec = new BZip2Codec();
    codec.setConf(ingest.hadoop());
    try (OutputStream zip = codec.createOutputStream(out)) {
      zip.write(content);
    }
    return out.toByteArray();
  }
}
