package io.github.ffncensus.knowledge.opendomain;

/**
 * A fact to read in a text.
 *
 * @param fact its number
 * @param place the tokens of the tail, or of the word in its place: a masked model gets masks
 *     there, a causal one is read before the first
 */
public record Reading(int fact, TextClass textClass, TokenRange place) {}
