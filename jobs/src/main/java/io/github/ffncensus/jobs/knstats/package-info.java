/** The stage kn-stats: what the neurons of facts do in the ingested text. */
package io.github.ffncensus.jobs.knstats;
