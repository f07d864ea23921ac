package io.github.ffncensus.text;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.text.BreakIterator;
import com.ibm.icu.text.FilteredBreakIteratorBuilder;
import com.ibm.icu.util.ULocale;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a text into sentences by the rules of Unicode (UAX 29), with the locale's abbreviations
 * («Mr.», «e.g.») not ending one. A line or paragraph end always does. The rules are those of the
 * ICU library in the jar, not of the JDK, so that all machines of a cluster agree. Not thread-safe.
 */
public final class SentenceSplitter {
  /** Titles that only stand before a name; ICU's English list lacks them. */
  private static final List<String> ENGLISH_TITLES =
      List.of("Dr.", "St.", "Gen.", "Gov.", "Sen.", "Hon.", "Messrs.");

  private final BreakIterator sentences;

  /**
   * @param locale language tag, such as {@code en} or {@code pt-BR}; one that ICU does not know
   *     gets the rules without abbreviations
   */
  public SentenceSplitter(String locale) {
    ULocale language = ULocale.forLanguageTag(locale);
    FilteredBreakIteratorBuilder abbreviations = FilteredBreakIteratorBuilder.getInstance(language);
    if (language.getLanguage().equals("en")) {
      ENGLISH_TITLES.forEach(abbreviations::suppressBreakAfter);
    }
    this.sentences =
        abbreviations.wrapIteratorWithFilter(BreakIterator.getSentenceInstance(language));
  }

  /** The sentences in order, without white space around them; blank ones are left out. */
  public List<String> split(String text) {
    List<String> found = new ArrayList<>();
    sentences.setText(text);
    int start = sentences.first();
    for (int end = sentences.next(); end != BreakIterator.DONE; end = sentences.next()) {
      String sentence = trim(text.substring(start, end));
      if (!sentence.isEmpty()) {
        found.add(sentence);
      }
      start = end;
    }
    return found;
  }

  /** Without what Unicode calls white space at both ends, no-break spaces among it. */
  static String trim(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && UCharacter.isUWhiteSpace(text.charAt(start))) {
      start++;
    }
    while (end > start && UCharacter.isUWhiteSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }
}
