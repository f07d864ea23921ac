package io.github.ffncensus.interpret.patterns;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Finds the shapes of a prefix, each with the word that shows it. */
final class ShapeFinder {
  private static final Pattern NUMBER =
      Pattern.compile("\\p{Nd}+(?:[.,'’\\u00a0\\u202f]\\p{Nd}+)*");
  private static final Pattern HOUR_AND_MINUTES = Pattern.compile("\\p{Nd}{1,2}(?:\\.\\p{Nd}{2})?");
  private static final Pattern HOUR_AND_HALF = Pattern.compile("((?:0?[1-9])|(?:1[0-2]))(\\p{L}+)");
  private static final Pattern DAY_OR_MONTH = Pattern.compile("\\p{Nd}{1,2}");
  private static final Pattern DAY_MONTH_OR_YEAR = Pattern.compile("\\p{Nd}{1,4}");
  private static final Pattern DOTTED_DATE =
      Pattern.compile("\\p{Nd}{1,4}\\.\\p{Nd}{1,2}\\.\\p{Nd}{1,4}");

  private static final Set<String> DATE_SEPARATORS = Set.of("/", "-", "‐", "–");
  private static final Set<String> SENTENCE_ENDS = Set.of(".", "!", "?", "…", "。", "！", "？");

  /** So many words back from the end a date may have its month: «June 24, 2011». */
  private static final int FROM_MONTH_TO_YEAR = 3;

  private final Language language;

  ShapeFinder(Language language) {
    this.language = language;
  }

  /**
   * The shapes of a prefix and the index of the word that shows it: the last one, or the delimiter
   * that is open.
   *
   * @param words as they stand in the text; not empty
   * @param lowerCase the same in lower case
   */
  Map<Shape, Integer> of(List<String> words, List<String> lowerCase) {
    Map<Shape, Integer> shapes = new EnumMap<>(Shape.class);
    int last = words.size() - 1;
    String word = words.get(last);
    if (isYear(word)) {
      shapes.put(Shape.YEAR, last);
    }
    if (NUMBER.matcher(word).matches()) {
      shapes.put(Shape.NUMBER, last);
    }
    if (endsInTime(lowerCase)) {
      shapes.put(Shape.TIME, last);
    }
    if (endsInDate(words)) {
      shapes.put(Shape.DATE, last);
    }
    if (endsInName(words, lowerCase)) {
      shapes.put(Shape.NAME, last);
    }
    openDelimiters(words, shapes);
    return shapes;
  }

  private static boolean isYear(String word) {
    return word.length() == 4 && isWithin(word, 4, 1000, 2099);
  }

  /** Whether a word is a number, in the digits of any script. */
  private static boolean isWithin(String word, int mostDigits, int from, int to) {
    if (word.length() > mostDigits || !word.chars().allMatch(Character::isDigit)) {
      return false;
    }
    int number = Integer.parseInt(word);
    return number >= from && number <= to;
  }

  private boolean endsInTime(List<String> words) {
    int last = words.size() - 1;
    String word = words.get(last);
    var both = HOUR_AND_HALF.matcher(word);
    if (both.matches()) {
      return language.isHalfOfTheDay(both.group(2));
    }
    if (last >= 2 && words.get(last - 1).equals(":")) {
      return isWithin(word, 2, 0, 59) && isWithin(words.get(last - 2), 2, 0, 24);
    }
    return last >= 1
        && language.isHalfOfTheDay(word)
        && HOUR_AND_MINUTES.matcher(words.get(last - 1)).matches();
  }

  private boolean endsInDate(List<String> words) {
    int last = words.size() - 1;
    String word = words.get(last);
    if (language.isMonthOrWeekday(word) || DOTTED_DATE.matcher(word).matches()) {
      return true;
    }
    if (isYear(word) || DAY_OR_MONTH.matcher(word).matches()) {
      for (int i = last - 1; i >= Math.max(0, last - FROM_MONTH_TO_YEAR); i--) {
        if (language.isMonth(words.get(i))) {
          return true;
        }
        if (!words.get(i).equals(",") && !DAY_OR_MONTH.matcher(words.get(i)).matches()) {
          break;
        }
      }
    }
    return last >= 4
        && DAY_MONTH_OR_YEAR.matcher(word).matches()
        && DATE_SEPARATORS.contains(words.get(last - 1))
        && DAY_OR_MONTH.matcher(words.get(last - 2)).matches()
        && words.get(last - 3).equals(words.get(last - 1))
        && DAY_MONTH_OR_YEAR.matcher(words.get(last - 4)).matches();
  }

  private boolean endsInName(List<String> words, List<String> lowerCase) {
    int last = words.size() - 1;
    String word = words.get(last);
    return last > 0
        && word.length() > 1
        && (Character.isUpperCase(word.codePointAt(0))
            || Character.isTitleCase(word.codePointAt(0)))
        && !SENTENCE_ENDS.contains(words.get(last - 1))
        && !language.isStopWord(lowerCase.get(last));
  }

  private void openDelimiters(List<String> words, Map<Shape, Integer> shapes) {
    int quote = -1;
    int bracket = -1;
    int depth = 0;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("\"")) {
        quote = quote < 0 ? i : -1;
      } else if (language.opensQuotation(word)) {
        quote = i;
      } else if (language.closesQuotation(word)) {
        quote = -1;
      } else if (opensBracket(word)) {
        bracket = depth++ == 0 ? i : bracket;
      } else if (closesBracket(word)) {
        depth = Math.max(0, depth - 1);
      }
    }
    if (quote >= 0) {
      shapes.put(Shape.QUOTE_OPEN, quote);
    }
    if (depth > 0) {
      shapes.put(Shape.BRACKET_OPEN, bracket);
    }
  }

  /** Low quotation marks are punctuation that opens, too. */
  private static boolean opensBracket(String word) {
    int mark = word.codePointAt(0);
    return Character.getType(mark) == Character.START_PUNCTUATION && mark != '‚' && mark != '„';
  }

  private static boolean closesBracket(String word) {
    return Character.getType(word.codePointAt(0)) == Character.END_PUNCTUATION;
  }
}
