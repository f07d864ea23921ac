package io.github.ffncensus.text.entity;

import com.ibm.icu.lang.UScript;

/**
 * Whether a name may begin or end at a place of a text.
 *
 * <p>It may unless a letter or digit (Unicode categories L and N) stands on both sides. Of scripts
 * that are written without spaces between words, letters bind to nothing. Korean is written with
 * spaces, but particles are attached to whatever precedes them: a name may end before a Korean
 * letter. Nothing ends before a combining mark (category M), which belongs to the letter before it.
 */
final class WordBoundary {
  private static final int[] WITHOUT_SPACES = {
    UScript.HAN,
    UScript.HIRAGANA,
    UScript.KATAKANA,
    UScript.BOPOMOFO,
    UScript.YI,
    UScript.THAI,
    UScript.LAO,
    UScript.KHMER,
    UScript.MYANMAR,
    UScript.TAI_LE,
    UScript.NEW_TAI_LUE,
    UScript.LANNA,
    UScript.TAI_VIET,
    UScript.JAVANESE,
    UScript.BALINESE
  };

  private WordBoundary() {}

  /** Whether a word may begin at an index. */
  static boolean canBegin(String text, int index) {
    return separates(text, index);
  }

  /** Whether a word may end before an index. */
  static boolean canEnd(String text, int index) {
    if (index == text.length()) {
      return true;
    }
    int next = text.codePointAt(index);
    return separates(text, index) || (isWord(next) && UScript.getScript(next) == UScript.HANGUL);
  }

  private static boolean separates(String text, int index) {
    if (index == 0 || index == text.length()) {
      return true;
    }
    int next = text.codePointAt(index);
    if (isMark(next)) {
      return false;
    }
    if (!isWord(next)) {
      return true;
    }
    int before = baseBefore(text, index);
    return !isWord(before) || isWithoutSpaces(before) || isWithoutSpaces(next);
  }

  /** The last code point before an index that is no combining mark; 0 if there is none. */
  private static int baseBefore(String text, int index) {
    int at = index;
    while (at > 0) {
      int c = text.codePointBefore(at);
      if (!isMark(c)) {
        return c;
      }
      at -= Character.charCount(c);
    }
    return 0;
  }

  private static boolean isWord(int c) {
    return switch (Character.getType(c)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER,
          Character.DECIMAL_DIGIT_NUMBER,
          Character.LETTER_NUMBER,
          Character.OTHER_NUMBER ->
          true;
      default -> false;
    };
  }

  private static boolean isMark(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK ->
          true;
      default -> false;
    };
  }

  /** By script extensions, for the prolonged sound mark is of two scripts. */
  private static boolean isWithoutSpaces(int c) {
    if (c < 0x0E00) {
      return false;
    }
    for (int script : WITHOUT_SPACES) {
      if (UScript.hasScript(c, script)) {
        return true;
      }
    }
    return false;
  }
}
