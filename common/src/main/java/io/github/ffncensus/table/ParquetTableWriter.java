package io.github.ffncensus.table;

import io.github.ffncensus.ProductVersion;
import java.io.IOException;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;

/**
 * Writes one Parquet file of a table, laid out so that looking up one neuron reads a few pages:
 * zstd, row groups of 16 MB, pages of 64 KB or 2,000 rows, page indexes. Footers carry the run and
 * the version that wrote the file. A file that was not {@link #finish() finished} is deleted by
 * {@link #close()}. Not thread-safe.
 */
public final class ParquetTableWriter<T> implements AutoCloseable {
  /** Footer key of the run id. */
  public static final String RUN_ID = "ffn_census.run_id";

  /** Footer key of the version of FFN Census. */
  public static final String VERSION = "ffn_census.version";

  private static final long ROW_GROUP_BYTES = 16L << 20;
  private static final int PAGE_BYTES = 64 << 10;
  private static final int PAGE_ROWS = 2_000;

  /** Rows may be documents of megabytes: measuring only every 100 rows would hold them all. */
  private static final int FIRST_SIZE_CHECK_ROWS = 10;

  private final Configuration hadoop;
  private final Path file;
  private final DigestingOutputFile output;
  private final ParquetWriter<T> writer;
  private long rows;
  private boolean closed;

  private ParquetTableWriter(
      Configuration hadoop, Path file, MessageType schema, String runId, RowEncoder<T> encoder)
      throws IOException {
    this.hadoop = hadoop;
    this.file = file;
    this.output = new DigestingOutputFile(HadoopOutputFile.fromPath(file, hadoop));
    Builder<T> builder =
        new Builder<>(output, new TableWriteSupport<>(schema, runId, encoder))
            .withConf(hadoop)
            .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
            .withCompressionCodec(CompressionCodecName.ZSTD)
            .withRowGroupSize(ROW_GROUP_BYTES)
            .withPageSize(PAGE_BYTES)
            .withPageRowCountLimit(PAGE_ROWS)
            .withMinRowCountForPageSizeCheck(FIRST_SIZE_CHECK_ROWS);
    for (ColumnDescriptor column : schema.getColumns()) {
      switch (column.getPrimitiveType().getPrimitiveTypeName()) {
        // Measurements hardly repeat: a dictionary of them is work for nothing.
        case FLOAT, DOUBLE ->
            builder.withDictionaryEncoding(String.join(".", column.getPath()), false);
        default -> {}
      }
    }
    this.writer = builder.build();
  }

  /**
   * Opens a new file; one that exists under this name is replaced.
   *
   * @param table one of {@link TableSchema#tables()}
   */
  public static <T> ParquetTableWriter<T> create(
      Configuration hadoop, Path file, String table, String runId, RowEncoder<T> encoder)
      throws IOException {
    return create(hadoop, file, TableSchema.load(table), runId, encoder);
  }

  /** A file that is of no published table. */
  public static <T> ParquetTableWriter<T> create(
      Configuration hadoop, Path file, MessageType schema, String runId, RowEncoder<T> encoder)
      throws IOException {
    return new ParquetTableWriter<>(hadoop, file, schema, runId, encoder);
  }

  public void write(T row) throws IOException {
    writer.write(row);
    rows++;
  }

  /** Rows written so far. */
  public long rows() {
    return rows;
  }

  /** Completes the file; afterwards {@link #close()} does nothing. */
  public TableFile finish() throws IOException {
    if (closed) {
      throw new IllegalStateException(file + " is closed");
    }
    writer.close();
    closed = true;
    return new TableFile(file.getName(), rows, output.bytes(), output.sha256());
  }

  /** Gives the file up and deletes it, unless it was finished. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      output.abandon();
    } finally {
      file.getFileSystem(hadoop).delete(file, false);
    }
  }

  private static final class Builder<T> extends ParquetWriter.Builder<T, Builder<T>> {
    private final WriteSupport<T> support;

    Builder(OutputFile file, WriteSupport<T> support) {
      super(file);
      this.support = support;
    }

    @Override
    protected Builder<T> self() {
      return this;
    }

    // The forms without Hadoop's Configuration are missing from the Parquet of Spark 3.5.
    @SuppressWarnings("deprecation")
    @Override
    protected WriteSupport<T> getWriteSupport(Configuration hadoop) {
      return support;
    }
  }

  private static final class TableWriteSupport<T> extends WriteSupport<T> {
    private final MessageType schema;
    private final String runId;
    private final RowEncoder<T> encoder;
    private RowWriter out;

    TableWriteSupport(MessageType schema, String runId, RowEncoder<T> encoder) {
      this.schema = schema;
      this.runId = runId;
      this.encoder = encoder;
    }

    @SuppressWarnings("deprecation")
    @Override
    public WriteContext init(Configuration hadoop) {
      return new WriteContext(schema, Map.of(RUN_ID, runId, VERSION, ProductVersion.get()));
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      out = new RowWriter(schema, consumer);
    }

    @Override
    public void write(T row) {
      out.beginRow();
      encoder.encode(row, out);
      out.endRow();
    }
  }
}
