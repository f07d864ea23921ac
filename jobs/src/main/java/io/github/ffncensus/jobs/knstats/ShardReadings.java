package io.github.ffncensus.jobs.knstats;

import io.github.ffncensus.table.TableFile;
import java.io.Serializable;
import java.util.List;

/**
 * What a shard's task left.
 *
 * @param file of packed results, in staging
 * @param rejects finished files of the table {@code knowledge_neuron_rejects}, none or one
 */
record ShardReadings(String file, List<TableFile> rejects) implements Serializable {}
