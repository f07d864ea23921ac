/** Measurements of whole scans under Spark: {@code bench cluster}. */
package io.github.ffncensus.jobs.bench.cluster;
