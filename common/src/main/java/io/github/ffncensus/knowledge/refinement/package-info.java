/** From the scores of neurons in single prompts to the neurons of a fact and of a relation. */
package io.github.ffncensus.knowledge.refinement;
