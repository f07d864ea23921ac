/** The per-token record: the table {@code activations}. */
package io.github.ffncensus.analysis.activations;
