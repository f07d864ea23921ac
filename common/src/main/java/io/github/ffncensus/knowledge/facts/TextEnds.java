package io.github.ffncensus.knowledge.facts;

/** Characters that may be left out at the end of a prompt without changing what it asks. */
final class TextEnds {
  private TextEnds() {}

  /** Space or punctuation. */
  static boolean isEnd(int codePoint) {
    return isSpace(codePoint)
        || switch (Character.getType(codePoint)) {
          case Character.CONNECTOR_PUNCTUATION,
              Character.DASH_PUNCTUATION,
              Character.START_PUNCTUATION,
              Character.END_PUNCTUATION,
              Character.INITIAL_QUOTE_PUNCTUATION,
              Character.FINAL_QUOTE_PUNCTUATION,
              Character.OTHER_PUNCTUATION ->
              true;
          default -> false;
        };
  }

  static boolean isSpace(int codePoint) {
    return Character.isWhitespace(codePoint) || Character.isSpaceChar(codePoint);
  }
}
