package io.github.ffncensus.jobs.config;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * What values a configuration key takes. Values come as HOCON gives them (string, number, boolean,
 * list) or as text from the command line.
 */
final class ValueType {

  private final String expected;
  private final boolean list;
  private final Function<Object, Object> parser;

  private ValueType(String expected, boolean list, Function<Object, Object> parser) {
    this.expected = expected;
    this.list = list;
    this.parser = parser;
  }

  /** What would have been right, in words. */
  String expected() {
    return expected;
  }

  boolean isList() {
    return list;
  }

  /**
   * The value as String, Long, Double, Boolean or List; throws IllegalArgumentException for a value
   * that is none.
   */
  Object parse(Object value) {
    return parser.apply(value);
  }

  static ValueType text() {
    return new ValueType(
        "text that is not empty", false, value -> check(scalar(value), t -> !t.isBlank()));
  }

  static ValueType matching(String regex, String expected) {
    Pattern pattern = Pattern.compile(regex);
    return new ValueType(
        expected, false, value -> check(scalar(value), t -> pattern.matcher(t).matches()));
  }

  static ValueType oneOf(Class<? extends Enum<?>> type) {
    return oneOf(Words.of(type));
  }

  static ValueType oneOf(List<String> words) {
    return new ValueType(
        "one of " + String.join(", ", words),
        false,
        value -> check(scalar(value), words::contains));
  }

  static ValueType languageTag() {
    return new ValueType(
        "a language tag such as en or pt-BR",
        false,
        value -> check(scalar(value), ValueType::isLanguageTag));
  }

  static ValueType bool() {
    return new ValueType(
        "true or false",
        false,
        value -> {
          String text = scalar(value);
          check(text, t -> t.equals("true") || t.equals("false"));
          return Boolean.valueOf(text);
        });
  }

  static ValueType integer(long min, long max) {
    String expected =
        "a whole number "
            + (max == Long.MAX_VALUE
                ? "from %,d".formatted(min)
                : "from %,d to %,d".formatted(min, max));
    return new ValueType(
        expected,
        false,
        value -> {
          long number = exact(new BigDecimal(scalar(value)));
          check(number, n -> n >= min && n <= max);
          return number;
        });
  }

  static ValueType decimal(double min, double max) {
    boolean bounded = max < Double.MAX_VALUE;
    return new ValueType(
        bounded ? "a number from %s to %s".formatted(min, max) : "a number",
        false,
        value -> {
          double number = new BigDecimal(scalar(value)).doubleValue();
          return check(number, n -> n >= min && n <= max);
        });
  }

  /** A list without repetitions; a single value stands for a list of one. */
  static ValueType listOf(ValueType element, int minimum) {
    String expected =
        "a list%s without repetitions, of: %s"
            .formatted(minimum == 0 ? "" : ", not empty,", element.expected);
    return new ValueType(
        expected,
        true,
        value -> {
          List<Object> parsed = new ArrayList<>();
          for (Object item : value instanceof List<?> items ? items : List.of(value)) {
            parsed.add(check(element.parse(item), p -> !parsed.contains(p)));
          }
          return check(List.copyOf(parsed), p -> p.size() >= minimum);
        });
  }

  static ValueType wordOr(String word, ValueType other) {
    return new ValueType(
        word + ", or " + other.expected,
        other.list,
        value -> isWord(word, value) ? word : other.parse(value));
  }

  private static boolean isWord(String word, Object value) {
    return word.equals(value) || List.of(word).equals(value);
  }

  private static String scalar(Object value) {
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return value.toString();
    }
    throw new IllegalArgumentException();
  }

  private static <T> T check(T value, java.util.function.Predicate<T> condition) {
    if (!condition.test(value)) {
      throw new IllegalArgumentException();
    }
    return value;
  }

  private static long exact(BigDecimal number) {
    try {
      return number.longValueExact();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static boolean isLanguageTag(String tag) {
    try {
      return !new Locale.Builder().setLanguageTag(tag).build().getLanguage().isEmpty();
    } catch (IllformedLocaleException e) {
      return false;
    }
  }
}
