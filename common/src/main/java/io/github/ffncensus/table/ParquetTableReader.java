package io.github.ffncensus.table;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Reads the rows of one Parquet file in order, only the columns that are asked for, in memory
 * bounded by a row group. Columns may be primitives or lists of required primitives. A damaged file
 * shows as an {@link IOException} or a {@code ParquetRuntimeException}. Not thread-safe.
 */
public final class ParquetTableReader implements AutoCloseable {
  private final ParquetReader<TableRow> reader;

  private ParquetTableReader(ParquetReader<TableRow> reader) {
    this.reader = reader;
  }

  /**
   * @param columns names of columns; none means all
   */
  public static ParquetTableReader open(Configuration hadoop, Path file, String... columns)
      throws IOException {
    return open(hadoop, file, 0, Long.MAX_VALUE, columns);
  }

  /** Only the row groups whose middle lies in the byte range [from, to). */
  public static ParquetTableReader open(
      Configuration hadoop, Path file, long from, long to, String... columns) throws IOException {
    InputFile input = HadoopInputFile.fromPath(file, hadoop);
    return new ParquetTableReader(
        new Builder(input, List.of(columns)).withConf(hadoop).withFileRange(from, to).build());
  }

  /** The next row, in a view that is used again for the one after; null at the end. */
  public TableRow next() throws IOException {
    return reader.read();
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  private static final class Builder extends ParquetReader.Builder<TableRow> {
    private final List<String> columns;

    Builder(InputFile file, List<String> columns) {
      super(file);
      this.columns = columns;
    }

    @Override
    protected ReadSupport<TableRow> getReadSupport() {
      return new TableReadSupport(columns);
    }
  }

  private static final class TableReadSupport extends ReadSupport<TableRow> {
    private final List<String> columns;

    TableReadSupport(List<String> columns) {
      this.columns = columns;
    }

    @Override
    public ReadContext init(InitContext context) {
      MessageType schema = context.getFileSchema();
      if (columns.isEmpty()) {
        return new ReadContext(schema);
      }
      List<Type> projected = new ArrayList<>();
      for (String column : columns) {
        if (!schema.containsField(column)) {
          throw new IllegalArgumentException("the file has no column " + column);
        }
        projected.add(schema.getType(column));
      }
      return new ReadContext(new MessageType(schema.getName(), projected));
    }

    // The form without Hadoop's Configuration is missing from the Parquet of Spark 3.5.
    @SuppressWarnings("deprecation")
    @Override
    public RecordMaterializer<TableRow> prepareForRead(
        Configuration hadoop,
        Map<String, String> metadata,
        MessageType schema,
        ReadContext context) {
      TableColumns root = new TableColumns(context.getRequestedSchema());
      TableRow row = new TableRow(root);
      return new RecordMaterializer<>() {
        @Override
        public TableRow getCurrentRecord() {
          return row;
        }

        @Override
        public GroupConverter getRootConverter() {
          return root;
        }
      };
    }
  }
}
