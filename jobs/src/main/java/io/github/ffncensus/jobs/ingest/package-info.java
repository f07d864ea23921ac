/**
 * From corpus to {@code sequences} and {@code rejects}: splits, documents, duplicates, numbering,
 * shards. {@link io.github.ffncensus.jobs.ingest.IngestJob} reads as the order of steps.
 */
package io.github.ffncensus.jobs.ingest;
