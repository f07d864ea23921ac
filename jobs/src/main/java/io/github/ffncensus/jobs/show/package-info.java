/** Neurons of a published run in readable form, straight from the tables. */
package io.github.ffncensus.jobs.show;
