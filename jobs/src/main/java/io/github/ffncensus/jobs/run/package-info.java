/**
 * The run protocol: folders of a run, its manifest, publishing and verification. Nothing here knows
 * what the tables say.
 */
package io.github.ffncensus.jobs.run;
