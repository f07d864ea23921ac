package io.github.ffncensus.knowledge.edit;

/** What the value vectors of a relation's neurons become. */
public enum Erasure {
  /** The zero vector. */
  ZERO,
  /** The output embedding of the tokenizer's unknown token. */
  UNKNOWN,
  /** The mean of all value vectors of the neuron's layer. */
  MEAN
}
