package io.github.ffncensus.knowledge.opendomain;

/**
 * A text with what it does to a fact's neurons.
 *
 * @param mean of the coefficients of a method's neurons of the fact
 */
public record TriggerText(double mean, long sequenceId, TextClass textClass) {}
