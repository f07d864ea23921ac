package io.github.ffncensus.knowledge.facts;

import io.github.ffncensus.text.TokenizedText;
import java.util.Arrays;

/**
 * An answer in its place in a text. Places count code points.
 *
 * @param text the whole of it
 * @param space where the space before the answer begins; {@code start} if there is none
 * @param start of the answer
 * @param end after the answer
 */
record AnswerPlace(String text, int space, int start, int end) {

  static AnswerPlace of(String before, String answer, String after) {
    int start = before.codePointCount(0, before.length());
    int[] codePoints = before.codePoints().toArray();
    int space = start;
    while (space > 0 && TextEnds.isSpace(codePoints[space - 1])) {
      space--;
    }
    int end = start + answer.codePointCount(0, answer.length());
    return new AnswerPlace(before + answer + after, space, start, end);
  }

  String alone() {
    return between(start);
  }

  String withSpace() {
    return between(space);
  }

  private String between(int from) {
    int first = text.offsetByCodePoints(0, from);
    return text.substring(first, text.offsetByCodePoints(first, end - from));
  }

  /**
   * The tokens in the answer's place, that of the space before it included; none if a token reaches
   * across its ends.
   */
  int[] tokens(TokenizedText full) {
    int[] codePoints = text.codePoints().toArray();
    int first = -1;
    int last = -1;
    for (int t = 0; t < full.ids().length; t++) {
      int from = full.starts()[t];
      int to = full.ends()[t];
      if (from < 0 || to <= space || from >= end) {
        continue;
      }
      while (from < to && TextEnds.isSpace(codePoints[from])) {
        from++;
      }
      // A token of space alone, which the mask takes away with the word, stands with the word.
      boolean blank = from == to;
      if (to > end || !blank && from < start) {
        return new int[0];
      }
      first = first < 0 ? t : first;
      last = t;
    }
    return first < 0 ? new int[0] : Arrays.copyOfRange(full.ids(), first, last + 1);
  }
}
