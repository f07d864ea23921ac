/**
 * The configuration: {@code reference.conf} below a profile, a file and the command line, checked
 * as a whole before any work.
 */
package io.github.ffncensus.jobs.config;
