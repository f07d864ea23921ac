/** Examples of each neuron from all over the range of its coefficients, not from its end alone. */
package io.github.ffncensus.interpret.examples;
