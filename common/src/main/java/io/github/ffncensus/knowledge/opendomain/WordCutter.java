package io.github.ffncensus.knowledge.opendomain;

import com.ibm.icu.text.BreakIterator;
import com.ibm.icu.text.RuleBasedBreakIterator;
import com.ibm.icu.util.ULocale;
import java.util.ArrayList;
import java.util.List;

/** Finds the words of a text. Not thread-safe. */
final class WordCutter {
  private final RuleBasedBreakIterator words;
  private final int limit;

  /**
   * A word.
   *
   * @param start first code point
   * @param end code point after the last
   */
  record Word(int start, int end) {}

  /**
   * @param limit only the first so many words of a text; 0 for all
   */
  WordCutter(ReadingRules.WordKind kind, int limit) {
    this.words =
        kind == ReadingRules.WordKind.UNICODE
            ? (RuleBasedBreakIterator) BreakIterator.getWordInstance(ULocale.ROOT)
            : null;
    this.limit = limit;
  }

  /** The words in order. */
  List<Word> cut(String text) {
    List<Word> found = words == null ? betweenSpaces(text) : byRules(text);
    return limit == 0 || found.size() <= limit ? found : found.subList(0, limit);
  }

  /** What the rules of Unicode (UAX 29) call a word, punctuation left out. */
  private List<Word> byRules(String text) {
    List<Word> found = new ArrayList<>();
    words.setText(text);
    int point = 0;
    int start = words.first();
    for (int end = words.next(); end != BreakIterator.DONE; end = words.next()) {
      int next = point + text.codePointCount(start, end);
      if (words.getRuleStatus() >= BreakIterator.WORD_NONE_LIMIT) {
        found.add(new Word(point, next));
      }
      start = end;
      point = next;
    }
    return found;
  }

  private static List<Word> betweenSpaces(String text) {
    List<Word> found = new ArrayList<>();
    int start = 0;
    int point = 0;
    for (int i = 0; i <= text.length(); ) {
      int c = i == text.length() ? ' ' : text.codePointAt(i);
      if (c == ' ') {
        if (point > start) {
          found.add(new Word(start, point));
        }
        start = point + 1;
      }
      point++;
      i += Character.charCount(c);
    }
    return found;
  }
}
