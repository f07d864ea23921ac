package io.github.ffncensus.jobs.config;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The values of all keys by path, as {@link ValueType#parse} gives them, with their types. */
final class ConfigValues implements Serializable {

  private static final long serialVersionUID = 1L;

  private final LinkedHashMap<String, Object> values;

  ConfigValues(Map<String, Object> values) {
    this.values = new LinkedHashMap<>(values);
  }

  Map<String, Object> all() {
    return values;
  }

  Object get(String path) {
    return values.get(path);
  }

  String text(String path) {
    return (String) values.get(path);
  }

  List<String> texts(String path) {
    return ((List<?>) values.get(path)).stream().map(String.class::cast).toList();
  }

  /** All values that are texts, and those in lists. */
  Map<String, List<String>> allTexts() {
    Map<String, List<String>> texts = new LinkedHashMap<>();
    values.forEach(
        (path, value) -> {
          List<?> all = value instanceof List<?> list ? list : List.of(value);
          texts.put(
              path, all.stream().filter(String.class::isInstance).map(String.class::cast).toList());
        });
    return texts;
  }

  boolean flag(String path) {
    return (Boolean) values.get(path);
  }

  int integer(String path) {
    return Math.toIntExact((Long) values.get(path));
  }

  long longInteger(String path) {
    return (Long) values.get(path);
  }

  double decimal(String path) {
    return (Double) values.get(path);
  }

  List<Double> decimals(String path) {
    return ((List<?>) values.get(path)).stream().map(Double.class::cast).toList();
  }

  <E extends Enum<E>> E constant(Class<E> type, String path) {
    return Words.constant(type, values.get(path));
  }

  <E extends Enum<E>> List<E> constants(Class<E> type, String path) {
    return texts(path).stream().map(word -> Words.constant(type, word)).toList();
  }
}
