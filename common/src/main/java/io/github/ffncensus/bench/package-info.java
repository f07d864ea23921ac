/** Benchmarks of the forward pass and the analyses, free of Spark. */
package io.github.ffncensus.bench;
