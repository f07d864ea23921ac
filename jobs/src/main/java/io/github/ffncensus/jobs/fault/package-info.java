/** Failures on purpose, at named places of the run protocol, so that tests can kill a run there. */
package io.github.ffncensus.jobs.fault;
