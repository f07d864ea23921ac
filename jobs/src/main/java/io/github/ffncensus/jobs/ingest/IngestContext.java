package io.github.ffncensus.jobs.ingest;

import io.github.ffncensus.jobs.config.CensusConfig;
import io.github.ffncensus.jobs.task.Staging;
import java.io.Serializable;

/**
 * What all tasks of an ingest share.
 *
 * @param maxTokens of one sequence, special tokens included
 * @param vocabularySize of the model
 */
record IngestContext(
    Staging staging,
    CensusConfig config,
    String runId,
    String modelPath,
    int maxTokens,
    int vocabularySize)
    implements Serializable {

  /** Staged rows of splits. */
  static final String TOKENIZED = "tokenized";

  /** Documents of splits that are not the first of their id. */
  static final String DUPLICATES = "duplicates";
}
