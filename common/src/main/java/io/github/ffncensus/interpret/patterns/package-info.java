/**
 * What a neuron's trigger prefixes have in common, tested against prefixes of the corpus at large
 * (the automatic form of section 3 of Geva et al. 2021).
 */
package io.github.ffncensus.interpret.patterns;
