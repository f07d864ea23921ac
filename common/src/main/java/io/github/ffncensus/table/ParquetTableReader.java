package io.github.ffncensus.table;

import java.io.IOException;
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
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Reads the rows of one Parquet file in order, only the columns that are asked for, in memory
 * bounded by a row group. Columns may be primitives, lists of required primitives, or primitives in
 * groups, named {@code group.field}. A damaged file shows as an {@link IOException} or a {@code
 * ParquetRuntimeException}. Not thread-safe.
 */
public final class ParquetTableReader implements AutoCloseable {
  private final ParquetReader<TableRow> reader;
  private final TableReadSupport support;
  private TableRow first;

  private ParquetTableReader(ParquetReader<TableRow> reader, TableReadSupport support)
      throws IOException {
    this.reader = reader;
    this.support = support;
    try {
      // Parquet looks at the schema with the first row only, and a wrong column should fail now.
      this.first = reader.read();
    } catch (IOException | RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  /**
   * @param columns names of columns; none means all
   * @throws IllegalArgumentException if the file lacks one of them
   */
  public static ParquetTableReader open(Configuration hadoop, Path file, String... columns)
      throws IOException {
    return open(hadoop, file, 0, Long.MAX_VALUE, columns);
  }

  /** Only the row groups whose middle lies in the byte range [from, to). */
  public static ParquetTableReader open(
      Configuration hadoop, Path file, long from, long to, String... columns) throws IOException {
    return open(hadoop, file, from, to, new TableReadSupport(List.of(columns), true));
  }

  /** Like {@code open}, but of the columns only those that the file has, which may be none. */
  public static ParquetTableReader openAvailable(
      Configuration hadoop, Path file, long from, long to, String... columns) throws IOException {
    return open(hadoop, file, from, to, new TableReadSupport(List.of(columns), false));
  }

  private static ParquetTableReader open(
      Configuration hadoop, Path file, long from, long to, TableReadSupport support)
      throws IOException {
    InputFile input = HadoopInputFile.fromPath(file, hadoop);
    return new ParquetTableReader(
        new Builder(input, support).withConf(hadoop).withFileRange(from, to).build(), support);
  }

  /** Whether rows have this column; of a range without rows that is not known, and false. */
  public boolean hasColumn(String column) {
    return support.columns != null && support.columns.has(column);
  }

  /** The next row, in a view that is used again for the one after; null at the end. */
  public TableRow next() throws IOException {
    if (first != null) {
      TableRow row = first;
      first = null;
      return row;
    }
    return reader.read();
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  private static final class Builder extends ParquetReader.Builder<TableRow> {
    private final TableReadSupport support;

    Builder(InputFile file, TableReadSupport support) {
      super(file);
      this.support = support;
    }

    @Override
    protected ReadSupport<TableRow> getReadSupport() {
      return support;
    }
  }

  private static final class TableReadSupport extends ReadSupport<TableRow> {
    private final List<String> names;
    private final boolean required;
    private TableColumns columns;

    TableReadSupport(List<String> names, boolean required) {
      this.names = names;
      this.required = required;
    }

    @Override
    public ReadContext init(InitContext context) {
      MessageType schema = context.getFileSchema();
      if (names.isEmpty()) {
        return new ReadContext(schema);
      }
      MessageType projected = new MessageType(schema.getName());
      for (String name : names) {
        Type column = column(schema, name);
        if (column != null) {
          projected = projected.union(new MessageType(schema.getName(), column));
        } else if (required) {
          throw new IllegalArgumentException("the file has no column " + name);
        }
      }
      return new ReadContext(projected);
    }

    /** The column with no more of its groups than lead to it; null if there is none. */
    private static Type column(GroupType group, String name) {
      if (group.containsField(name)) {
        return group.getType(name);
      }
      int dot = name.indexOf('.');
      String outer = dot < 0 ? name : name.substring(0, dot);
      if (dot < 0 || !group.containsField(outer) || group.getType(outer).isPrimitive()) {
        return null;
      }
      GroupType nested = group.getType(outer).asGroupType();
      Type inner = column(nested, name.substring(dot + 1));
      return inner == null ? null : nested.withNewFields(inner);
    }

    // The form without Hadoop's Configuration is missing from the Parquet of Spark 3.5.
    @SuppressWarnings("deprecation")
    @Override
    public RecordMaterializer<TableRow> prepareForRead(
        Configuration hadoop,
        Map<String, String> metadata,
        MessageType schema,
        ReadContext context) {
      columns = new TableColumns(context.getRequestedSchema());
      TableColumns root = columns;
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
