package io.github.ffncensus.interpret.patterns;

import java.util.List;
import java.util.Map;

/**
 * A prefix as patterns see it.
 *
 * @param rank the trigger's; 0 for a prefix of the background
 * @param documentId of the document that it comes from
 * @param words all of it, in lower case
 * @param content for each word whether it is a content word: with a letter or digit, and no stop
 *     word
 * @param window index of the first of the last words that n-grams are looked for in
 * @param lastStem null without a last word that has a letter
 * @param lastToken in lower case
 * @param target the token that the model is to predict; null for none
 * @param shapes and the index of the word that shows each
 */
record Prefix(
    int rank,
    String documentId,
    List<String> words,
    boolean[] content,
    int window,
    String lastStem,
    String lastToken,
    String target,
    Map<Shape, Integer> shapes) {

  /** The last words, at most as many as a window holds. */
  List<String> windowWords() {
    return words.subList(window, words.size());
  }

  /** Index of the last word; -1 if there is no word. */
  int last() {
    return words.size() - 1;
  }
}
