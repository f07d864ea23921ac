/** The command line of the benchmarks. */
package io.github.ffncensus.jobs.bench;
