/**
 * What the memories of the last layer each contribute to a prediction: the per-dimension analysis
 * of Geva et al. 2021, and what a prediction becomes without one of them.
 */
package io.github.ffncensus.interpret.memories;
