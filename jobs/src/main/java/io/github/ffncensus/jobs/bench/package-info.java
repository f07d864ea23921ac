/** The command line of the benchmarks, which need no Spark. */
package io.github.ffncensus.jobs.bench;
