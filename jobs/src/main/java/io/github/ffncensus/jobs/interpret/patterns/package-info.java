/** The part of the stage that finds what triggers have in common, and its tables. */
package io.github.ffncensus.jobs.interpret.patterns;
