/**
 * The pass over the corpus and the merge of what the shards observed. {@link
 * io.github.ffncensus.jobs.scan.ScanJob} reads as the order of steps.
 */
package io.github.ffncensus.jobs.scan;
