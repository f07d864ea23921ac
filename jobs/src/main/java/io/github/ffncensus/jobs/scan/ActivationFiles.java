package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.analysis.activations.ActivationSink;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;

/**
 * A shard's files of the table {@code activations}, one per layer, so that a query for one layer
 * opens only that layer's files.
 */
final class ActivationFiles implements ActivationSink, AutoCloseable {
  static final String TABLE = "activations";

  private final ScanContext context;
  private final int shard;
  private final TreeMap<Integer, ParquetTableWriter<Row>> writers = new TreeMap<>();

  private record Row(
      int layer, long sequenceId, int position, int tokenId, int[] neurons, float[] coefficients) {}

  ActivationFiles(ScanContext context, int shard) {
    this.context = context;
    this.shard = shard;
  }

  @Override
  public void accept(
      int layer,
      long sequenceId,
      int position,
      int tokenId,
      int[] neurons,
      float[] coefficients,
      int count) {
    boolean all = count == neurons.length;
    try {
      writer(layer)
          .write(
              new Row(
                  layer,
                  sequenceId,
                  position,
                  tokenId,
                  all ? neurons : Arrays.copyOf(neurons, count),
                  all ? coefficients : Arrays.copyOf(coefficients, count)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write activations of layer " + layer, e);
    }
  }

  private ParquetTableWriter<Row> writer(int layer) throws IOException {
    ParquetTableWriter<Row> writer = writers.get(layer);
    if (writer == null) {
      String name =
          "part-%05d-layer-%03d-%s.parquet".formatted(shard, layer, context.staging().attempt());
      Path file = context.staging().file(TABLE, name);
      writer =
          ParquetTableWriter.create(
              context.staging().hadoop(), file, TABLE, context.runId(), ActivationFiles::encode);
      writers.put(layer, writer);
    }
    return writer;
  }

  private static void encode(Row row, RowWriter out) {
    out.intValue("layer", row.layer);
    out.longValue("sequence_id", row.sequenceId);
    out.intValue("position", row.position);
    out.intValue("token_id", row.tokenId);
    out.intList("neurons", row.neurons);
    out.floatList("coefficients", row.coefficients);
  }

  List<TableFile> finish() throws IOException {
    List<TableFile> files = new ArrayList<>();
    for (ParquetTableWriter<Row> writer : writers.values()) {
      files.add(writer.finish());
    }
    return files;
  }

  @Override
  public void close() throws IOException {
    for (ParquetTableWriter<Row> writer : writers.values()) {
      writer.close();
    }
  }
}
