package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.List;

/**
 * The final files of a split.
 *
 * @param rejects null if there are none
 */
record NumberedSplit(List<ShardFile> sequences, TableFile rejects, Tally tally)
    implements Serializable {

  /** A file with sequences of one shard. */
  record ShardFile(long shard, TableFile file, long firstSequenceId, long tokens)
      implements Serializable {}
}
