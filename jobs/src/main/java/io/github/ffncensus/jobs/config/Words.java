package io.github.ffncensus.jobs.config;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Enum constants as configuration files spell them: lower case, words joined by hyphens. */
final class Words {

  private Words() {}

  static List<String> of(Class<? extends Enum<?>> type) {
    return Stream.of(type.getEnumConstants()).map(Words::of).toList();
  }

  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static <E extends Enum<E>> E constant(Class<E> type, Object word) {
    return Enum.valueOf(type, word.toString().toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
