package io.github.ffncensus.jobs.scan;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.ParquetTableWriter;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableFile;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.apache.hadoop.fs.Path;

/**
 * A row of the table {@code scan_rejects}: a sequence that the model cannot read.
 *
 * @param tokens of the sequence, special tokens included
 * @param detail what happens when the model reads it alone
 */
record RejectedSequence(long sequenceId, String documentId, int tokens, String detail) {
  static final String TABLE = "scan_rejects";

  /** Writes the rows of a shard; none if nothing is rejected. */
  static List<TableFile> write(ScanContext context, Shard shard, Map<Long, String> reasons)
      throws IOException {
    if (reasons.isEmpty()) {
      return List.of();
    }
    String name = "part-%05d-%s.parquet".formatted(shard.index(), context.staging().attempt());
    try (ParquetTableWriter<RejectedSequence> writer =
        ParquetTableWriter.create(
            context.staging().hadoop(),
            context.staging().file(TABLE, name),
            TABLE,
            context.runId(),
            RejectedSequence::encode)) {
      for (RejectedSequence row : read(context, shard, reasons)) {
        writer.write(row);
      }
      return List.of(writer.finish());
    }
  }

  /** Says that more sequences than allowed cannot be read, and which. */
  static String tooMany(ScanContext context, Shard shard, Map<Long, String> reasons, int allowed)
      throws IOException {
    StringJoiner text = new StringJoiner("\n");
    text.add(
        "the model cannot read some sequences, more than scan.max-rejected-sequences = %d:"
            .formatted(allowed));
    for (RejectedSequence row : read(context, shard, reasons)) {
      text.add(
          "sequence %d of document %s: %s"
              .formatted(row.sequenceId(), row.documentId(), row.detail()));
    }
    return text.toString();
  }

  private static List<RejectedSequence> read(
      ScanContext context, Shard shard, Map<Long, String> reasons) throws IOException {
    List<RejectedSequence> rejected = new ArrayList<>();
    for (String file : shard.files()) {
      try (ParquetTableReader rows =
          ParquetTableReader.open(
              context.staging().hadoop(),
              new Path(context.sequences(), file),
              "sequence_id",
              "document_id",
              "token_ids")) {
        for (TableRow row = rows.next(); row != null; row = rows.next()) {
          long id = row.getLong("sequence_id");
          if (reasons.containsKey(id)) {
            rejected.add(
                new RejectedSequence(
                    id,
                    row.getString("document_id"),
                    row.getIntList("token_ids").length,
                    reasons.get(id)));
          }
        }
      }
    }
    return rejected;
  }

  private static void encode(RejectedSequence row, RowWriter out) {
    out.longValue("sequence_id", row.sequenceId());
    out.string("document_id", row.documentId());
    out.intValue("tokens", row.tokens());
    out.string("detail", row.detail());
  }
}
