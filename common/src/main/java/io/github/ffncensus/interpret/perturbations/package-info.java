/**
 * What a trigger's strength hangs on: coefficients read again after one token of the prefix was
 * removed.
 */
package io.github.ffncensus.interpret.perturbations;
