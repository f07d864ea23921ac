package io.github.ffncensus.interpret.patterns;

import java.util.Locale;

/** What a prefix can look like at its end, whatever the words. */
public enum Shape {
  /** The last word is a number from 1000 to 2099. */
  YEAR,
  /** The last word is a number in digits. */
  NUMBER,
  /** The prefix ends in a time of day, such as 12:30 or 5 pm. */
  TIME,
  /** It ends in a date: a month, a weekday, a day or year next to a month, or 24/12/2011. */
  DATE,
  /** The last word begins with a capital, and does not begin a sentence. */
  NAME,
  /** A quotation has begun and not ended. */
  QUOTE_OPEN,
  /** A bracket has been opened and not closed. */
  BRACKET_OPEN;

  /** As in tables. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
