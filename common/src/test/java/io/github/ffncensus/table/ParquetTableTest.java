package io.github.ffncensus.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetTableTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir java.nio.file.Path folder;

  @Test
  void sequencesComeBackAsTheyWere() throws Exception {
    List<SequenceRow> rows = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      int length = i % 7;
      int[] ids = new int[length];
      int[] starts = new int[length];
      int[] ends = new int[length];
      for (int j = 0; j < length; j++) {
        ids[j] = i + j;
        starts[j] = j == 0 ? -1 : j;
        ends[j] = j == 0 ? -1 : j + 1;
      }
      rows.add(new SequenceRow(i, "doc-" + i / 3, i % 3, "text 😀 " + i, ids, starts, ends));
    }
    TableFile file = write("sequences", rows, SequenceRow.ENCODER);

    assertThat(file.rows()).isEqualTo(5_000);
    List<SequenceRow> read = new ArrayList<>();
    try (ParquetTableReader reader = ParquetTableReader.open(HADOOP, path(file.name()))) {
      for (TableRow row = reader.next(); row != null; row = reader.next()) {
        read.add(SequenceRow.decode(row));
      }
    }
    assertThat(read).usingRecursiveComparison().isEqualTo(rows);
  }

  @Test
  void checksumAndLengthAreThoseOfTheFile() throws Exception {
    TableFile file = write("rejects", List.of(reject("a"), reject("b")), RejectRow.ENCODER);

    byte[] bytes = Files.readAllBytes(folder.resolve(file.name()));
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
    assertThat(file.bytes()).isEqualTo(bytes.length);
    assertThat(file.sha256()).isEqualTo(HexFormat.of().formatHex(digest));
  }

  @Test
  void layoutIsMadeForLookups() throws Exception {
    List<Integer> neurons = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      neurons.add(i);
    }
    TableFile file = write("trigger_prefixes", neurons, ParquetTableTest::encodeTrigger);

    HadoopInputFile input = HadoopInputFile.fromPath(path(file.name()), HADOOP);
    try (ParquetFileReader reader = ParquetFileReader.open(input)) {
      assertThat(reader.getFileMetaData().getKeyValueMetaData())
          .containsEntry(ParquetTableWriter.RUN_ID, "run-1")
          .containsKey(ParquetTableWriter.VERSION);
      assertThat(reader.getFileMetaData().getKeyValueMetaData().get(ParquetTableWriter.VERSION))
          .matches("\\d+\\.\\d+\\.\\d+.*");
      BlockMetaData group = reader.getFooter().getBlocks().get(0);
      ColumnChunkMetaData column = group.getColumns().get(1);
      assertThat(column.getCodec()).isEqualTo(CompressionCodecName.ZSTD);
      assertThat(reader.readColumnIndex(column)).isNotNull();
      assertThat(reader.readOffsetIndex(column).getPageCount())
          .isGreaterThanOrEqualTo((int) (group.getRowCount() / 2_000));
    }
    try (ParquetTableReader reader =
        ParquetTableReader.open(
            HADOOP, path(file.name()), "neuron", "next_token_id", "next_token", "coefficient")) {
      TableRow row = reader.next();
      assertThat(row.isNull("next_token_id")).isTrue();
      assertThat(row.getString("next_token")).isNull();
      assertThatThrownBy(() -> row.getInt("next_token_id"))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> row.getInt("layer")).hasMessageContaining("layer");
      assertThatThrownBy(() -> row.getInt("coefficient")).hasMessageContaining("FLOAT");
      reader.next();
      assertThat(row.getInt("next_token_id")).isEqualTo(1);
      assertThat(row.getText("coefficient")).isEqualTo("0.5");
    }
  }

  @Test
  void nullableListsAndAllPrimitives() throws Exception {
    TableFile file =
        write(
            "neuron_stats",
            List.of(true, false),
            (gated, out) -> {
              out.intValue("layer", 3);
              out.intValue("neuron", 4);
              out.longValue("token_count", 1L << 40);
              for (String column : List.of("mean", "stddev", "active_fraction")) {
                out.doubleValue(column, Math.PI);
              }
              for (String column : List.of("min", "max", "p50", "p90", "p99", "p999")) {
                out.floatValue(column, 0.1f);
              }
              out.longList("histogram", new long[] {1, 1L << 41});
              out.doubleList("quadrant_fractions", gated ? new double[] {0.5, 0.25} : null);
              out.doubleList("quadrant_means", gated ? new double[0] : null);
            });
    try (ParquetTableReader reader = ParquetTableReader.open(HADOOP, path(file.name()))) {
      TableRow row = reader.next();
      assertThat(row.getDouble("mean")).isEqualTo(Math.PI);
      assertThat(row.getFloat("min")).isEqualTo(0.1f);
      assertThat(row.getLong("token_count")).isEqualTo(1L << 40);
      assertThat(row.getLongList("histogram")).containsExactly(1, 1L << 41);
      assertThat(row.getDoubleList("quadrant_fractions")).containsExactly(0.5, 0.25);
      assertThat(row.getDoubleList("quadrant_means")).isEmpty();
      assertThat(row.isNull("skewness")).isTrue();
      reader.next();
      assertThat(row.getDoubleList("quadrant_fractions")).isNull();
      assertThat(reader.next()).isNull();
    }
  }

  @Test
  void columnsOfOtherFiles() throws Exception {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message other { required int64 n; optional group meta { optional binary id (STRING);"
                + " required double x; } }");
    Path file = path("other.parquet");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(file).withConf(HADOOP).withType(schema).build()) {
      SimpleGroup row = new SimpleGroup(schema);
      row.append("n", 7L).addGroup("meta").append("id", "a").append("x", 0.5);
      writer.write(row);
      writer.write(new SimpleGroup(schema).append("n", 8L));
    }
    try (ParquetTableReader reader = ParquetTableReader.open(HADOOP, file, "meta.id", "n")) {
      TableRow row = reader.next();
      assertThat(row.getString("meta.id")).isEqualTo("a");
      assertThat(row.getText("n")).isEqualTo("7");
      reader.next();
      assertThat(row.isNull("meta.id")).isTrue();
    }
    assertThatThrownBy(() -> ParquetTableReader.open(HADOOP, file, "meta.y"))
        .hasMessageContaining("no column meta.y");
    try (ParquetTableReader reader =
        ParquetTableReader.openAvailable(HADOOP, file, 0, Long.MAX_VALUE, "y", "z")) {
      assertThat(reader.hasColumn("y")).isFalse();
      assertThat(reader.next()).isNotNull();
      assertThat(reader.next()).isNotNull();
      assertThat(reader.next()).isNull();
    }
  }

  @Test
  void unfinishedFileIsDeleted() throws Exception {
    Path file = path("unfinished.parquet");
    try (ParquetTableWriter<RejectRow> writer =
        ParquetTableWriter.create(HADOOP, file, "rejects", "r", RejectRow.ENCODER)) {
      writer.write(reject("a"));
    }
    assertThat(folder.resolve("unfinished.parquet")).doesNotExist();
    assertThat(folder.resolve(".unfinished.parquet.crc")).doesNotExist();
  }

  @Test
  void rowsThatAreNotTheSchemasAreRefused() {
    assertRefused((row, out) -> out.string("source", "s"), "document_id is required");
    assertRefused((row, out) -> out.string("colour", "red"), "no column colour");
    assertRefused((row, out) -> out.intValue("source", 1), "is BINARY, written as INT32");
    assertRefused(
        (row, out) -> {
          out.string("source", "s");
          out.string("source", "s");
        },
        "written twice");
  }

  private void assertRefused(RowEncoder<RejectRow> encoder, String message) {
    assertThatThrownBy(() -> write("rejects", List.of(reject("a")), encoder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static void encodeTrigger(Integer neuron, RowWriter out) {
    out.intValue("layer", 0);
    out.intValue("neuron", neuron);
    out.string("polarity", "positive");
    out.intValue("rank", 1);
    out.floatValue("coefficient", neuron / 2f);
    out.longValue("sequence_id", neuron);
    out.intValue("position", 1);
    out.string("document_id", "d" + neuron);
    out.string("prefix", "prefix of neuron " + neuron);
    out.intValue("token_id", neuron);
    out.string("token", "t");
    if (neuron % 2 == 1) {
      out.intValue("next_token_id", neuron);
      out.string("next_token", "n");
    }
  }

  private static RejectRow reject(String id) {
    return new RejectRow("file", id, "empty", "line 1");
  }

  private <T> TableFile write(String table, List<T> rows, RowEncoder<T> encoder) throws Exception {
    Path file = path(table + ".parquet");
    try (ParquetTableWriter<T> writer =
        ParquetTableWriter.create(HADOOP, file, table, "run-1", encoder)) {
      for (T row : rows) {
        writer.write(row);
      }
      return writer.finish();
    }
  }

  private Path path(String name) {
    return new Path(folder.resolve(name).toUri());
  }
}
