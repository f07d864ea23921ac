/** What operators see: metrics through Spark's metrics system, and the names of jobs and stages. */
package io.github.ffncensus.jobs.metrics;
