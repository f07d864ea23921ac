package io.github.ffncensus.jobs.knstats;

import java.io.Serializable;

/**
 * What a shard's task left.
 *
 * @param file of packed results, in staging
 */
record ShardReadings(String file) implements Serializable {}
