package io.github.ffncensus.jobs.ingest;

import java.io.Serializable;
import java.util.List;

/**
 * What one task reads: consecutive chunks in corpus order.
 *
 * @param index place among the splits, from 0
 */
record Split(int index, List<Chunk> chunks) implements Serializable {}
