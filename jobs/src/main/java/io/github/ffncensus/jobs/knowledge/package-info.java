/** What the stages on facts have in common: the table of findings. */
package io.github.ffncensus.jobs.knowledge;
