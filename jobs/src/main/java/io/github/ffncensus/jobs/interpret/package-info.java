/** The stage {@code interpret}: tables about the winners of a scan, made without the corpus. */
package io.github.ffncensus.jobs.interpret;
