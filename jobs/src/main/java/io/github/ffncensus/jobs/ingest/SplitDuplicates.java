package io.github.ffncensus.jobs.ingest;

import java.io.Serializable;

/**
 * The documents of a split whose id an earlier document has.
 *
 * @param file their numbers in the split, ascending, as 8-byte integers; name in the staging folder
 * @param sequences of these documents
 * @param tokens of these sequences
 */
record SplitDuplicates(int split, String file, long documents, long sequences, long tokens)
    implements Serializable {}
