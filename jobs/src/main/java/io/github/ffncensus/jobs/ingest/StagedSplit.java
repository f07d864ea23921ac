package io.github.ffncensus.jobs.ingest;

import java.io.Serializable;

/**
 * A split that was read.
 *
 * @param file staged rows, name in the staging folder
 * @param unitsBefore lines or rows of the first chunk's file that belong to earlier splits
 */
record StagedSplit(Split split, String file, long unitsBefore, boolean hasUnits)
    implements Serializable {

  /** The id of a document: its own, or one derived from its place in the corpus. */
  String documentId(int chunk, long unit, String ownId) {
    if (ownId != null) {
      return ownId;
    }
    String name = split.chunks().get(chunk).name();
    return hasUnits ? name + ":" + number(chunk, unit) : name;
  }

  /** The number of a line or row in its file, from 1. */
  long number(int chunk, long unit) {
    return unit + 1 + (chunk == 0 ? unitsBefore : 0);
  }
}
