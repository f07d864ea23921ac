/** What a run would cost, before any of it: the command {@code plan}. */
package io.github.ffncensus.jobs.plan;
