package io.github.ffncensus.interpret.patterns;

/**
 * A prefix as tables have it.
 *
 * @param rank the trigger's; 0 for a prefix of the background
 * @param documentId of the document that it comes from
 * @param text the prefix
 * @param token its last token as people write it, in lower case
 * @param target the token that the model is to predict, likewise; null for none
 */
public record PrefixText(int rank, String documentId, String text, String token, String target) {}
