/**
 * Tests with real processes: a standalone cluster, HDFS, an object store, and the shipped scripts.
 * They run with {@code ./mvnw verify -Pcluster}.
 */
package io.github.ffncensus.jobs.cluster;
