package io.github.ffncensus.jobs.ingest;

import java.io.Serializable;

/**
 * A file of the corpus, or a range of its bytes: the lines that begin in it, or the row groups
 * whose middle lies in it.
 *
 * @param path with scheme
 * @param name as in the ids of documents that have none of their own
 * @param end exclusive; of a compressed file that of the compressed bytes
 */
record Chunk(String path, String name, long start, long end) implements Serializable {}
