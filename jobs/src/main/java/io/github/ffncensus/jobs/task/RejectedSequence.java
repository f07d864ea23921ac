package io.github.ffncensus.jobs.task;

import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.RowWriter;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A sequence that the model cannot read, as a row of a table.
 *
 * @param tokens of the sequence, special tokens included
 * @param detail what happens when the model reads it alone
 */
record RejectedSequence(long sequenceId, String documentId, int tokens, String detail) {

  /**
   * The rows of a shard.
   *
   * @param sequences folder of the run's {@code sequences}
   * @param reasons by id
   */
  static List<RejectedSequence> of(
      Configuration hadoop, Path sequences, Shard shard, Map<Long, String> reasons)
      throws IOException {
    List<RejectedSequence> rejected = new ArrayList<>();
    for (String file : shard.files()) {
      try (ParquetTableReader rows =
          ParquetTableReader.open(
              hadoop, new Path(sequences, file), "sequence_id", "document_id", "token_ids")) {
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

  static void encode(RejectedSequence row, RowWriter out) {
    out.longValue("sequence_id", row.sequenceId());
    out.string("document_id", row.documentId());
    out.intValue("tokens", row.tokens());
    out.string("detail", row.detail());
  }
}
