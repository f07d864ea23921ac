/**
 * The command line and the run protocol around the Spark jobs. {@link
 * io.github.ffncensus.jobs.FfnCensus} is the main class; {@code Pipeline} runs the stages in order.
 */
package io.github.ffncensus.jobs;
