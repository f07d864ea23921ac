package io.github.ffncensus.text;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.lang.UProperty;
import com.ibm.icu.text.BreakIterator;
import com.ibm.icu.util.ULocale;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a text into words by the rules of Unicode (UAX 29), with dictionaries for scripts that
 * have no spaces. Punctuation marks and symbols are words of their own; white space is none. The
 * rules are those of the ICU library in the jar. Not thread-safe.
 */
public final class WordSplitter {
  private final BreakIterator words;

  /**
   * @param locale language tag, such as {@code en}
   */
  public WordSplitter(String locale) {
    this.words = BreakIterator.getWordInstance(ULocale.forLanguageTag(locale));
  }

  /** The words in order, as they stand in the text. */
  public List<String> split(String text) {
    List<String> found = new ArrayList<>();
    words.setText(text);
    int start = words.first();
    for (int end = words.next(); end != BreakIterator.DONE; end = words.next()) {
      // A break stands on either side of white space and the like.
      if (isVisible(text.codePointAt(start))) {
        found.add(text.substring(start, end));
      }
      start = end;
    }
    return found;
  }

  private static boolean isVisible(int character) {
    return !UCharacter.isUWhiteSpace(character)
        && !UCharacter.isISOControl(character)
        && !UCharacter.hasBinaryProperty(character, UProperty.DEFAULT_IGNORABLE_CODE_POINT);
  }
}
