package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.config.CensusConfig;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What all tasks of an ingest share.
 *
 * @param staging the ingest's own folder
 * @param maxTokens of one sequence, special tokens included
 * @param vocabularySize of the model
 */
record IngestContext(
    Broadcast<SerializableConfiguration> configuration,
    CensusConfig config,
    String runId,
    String staging,
    String modelPath,
    int maxTokens,
    int vocabularySize)
    implements Serializable {

  /** Staged rows of splits. */
  static final String TOKENIZED = "tokenized";

  /** Documents of splits that are not the first of their id. */
  static final String DUPLICATES = "duplicates";

  Configuration hadoop() {
    return configuration.value().value();
  }

  /** A file of the staging folder; attempts of a task must not share one, so name it by attempt. */
  Path staged(String folder, String name) {
    return new Path(new Path(staging, folder), name);
  }

  static String attempt() {
    return Long.toString(TaskContext.get().taskAttemptId());
  }
}
