package io.github.ffncensus.jobs.ingest;

import java.io.Serializable;

/**
 * What reading a split gave.
 *
 * @param file staged rows, name in the staging folder
 * @param chunkUnits lines or rows per chunk
 * @param documentsWithId documents that have an id of their own
 */
record TokenizedSplit(int split, String file, long[] chunkUnits, long documentsWithId, Tally tally)
    implements Serializable {}
