/** The stage {@code edit}: facts updated and relations erased, and what else that changes. */
package io.github.ffncensus.jobs.edit;
