/**
 * Makes one run of several over different documents, without a model: {@link
 * io.github.ffncensus.jobs.combine.CombineJob} reads as the order of steps.
 */
package io.github.ffncensus.jobs.combine;
