/**
 * How the neurons of facts behave in text that mentions the facts (Dai et al. 2022, section 4.3):
 * which texts mention which facts, where the neurons are read in them, and sums of what was read.
 */
package io.github.ffncensus.knowledge.opendomain;
