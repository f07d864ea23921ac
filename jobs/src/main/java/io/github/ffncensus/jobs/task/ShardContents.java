package io.github.ffncensus.jobs.task;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.jobs.ingest.ShardPlan.Shard;
import io.github.ffncensus.jobs.run.RunFolder;
import io.github.ffncensus.jobs.run.SkippedShard;
import io.github.ffncensus.table.ParquetTableReader;
import io.github.ffncensus.table.TableRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Says what is in a shard of the corpus, for whoever has to find the document at fault.
 *
 * @param documents with a sequence in it
 * @param first ids of its first documents, at most {@value #NAMED}
 * @param last id of its last document
 */
public record ShardContents(Shard shard, long documents, List<String> first, String last) {

  private static final int NAMED = 20;
  private static final String ID = "document_id";

  /**
   * Reads the ids of a shard's documents.
   *
   * @throws CensusException of kind RUN_FAILED if the files cannot be read
   */
  public static ShardContents read(Configuration hadoop, RunFolder folder, Shard shard) {
    long documents = 0;
    List<String> first = new ArrayList<>();
    String last = null;
    for (String name : shard.files()) {
      Path file = new Path(folder.table("sequences"), name);
      try (ParquetTableReader rows = ParquetTableReader.open(hadoop, file, ID)) {
        for (TableRow row = rows.next(); row != null; row = rows.next()) {
          String id = row.getString(ID);
          // A document's sequences follow each other.
          if (!id.equals(last)) {
            documents++;
            last = id;
            if (first.size() < NAMED) {
              first.add(id);
            }
          }
        }
      } catch (IOException e) {
        throw CensusException.runFailed("cannot read " + file + ": " + e.getMessage(), e);
      }
    }
    return new ShardContents(shard, documents, first, last);
  }

  /** As the manifest lists a shard that is left out. */
  public SkippedShard skipped(String stage) {
    return new SkippedShard(
        stage,
        SkippedShard.CORPUS,
        shard.index(),
        text(),
        documents,
        shard.sequences(),
        shard.tokens());
  }

  /** Counts, and the documents by name; of many the first ones and the last. */
  public String text() {
    String names = String.join(", ", first);
    return "%,d documents: %s; %,d sequences, sequence_id %d to %d, %,d tokens"
        .formatted(
            documents,
            documents > first.size() ? names + ", ... " + last : names,
            shard.sequences(),
            shard.firstSequenceId(),
            shard.firstSequenceId() + shard.sequences() - 1,
            shard.tokens());
  }
}
